//! The kernels under names that C knows, for programs that link some of them only.
//!
//! A Rust `&[&Kernel]` and a C array of pointers are the same memory, so a set needs no translation.

use qibu::kernels::{self, Kernel};

macro_rules! kernels {
    ($($name:ident = $module:ident::$kernel:ident;)+) => {
        $(
            #[unsafe(no_mangle)]
            #[allow(non_upper_case_globals, missing_docs)]
            pub static $name: Kernel = kernels::$module::$kernel;
        )+

        /// C's name and Rust's path of each kernel, in the order of `qibu::kernels::NAMES`.
        pub const KERNELS: &[(&str, &str)] = &[
            $((stringify!($name), concat!(stringify!($module), "::", stringify!($kernel))),)+
        ];
    };
}

kernels! {
    qibu_kernel_dense_i8_i8 = dense::I8_I8;
    qibu_kernel_dense_i8_i4 = dense::I8_I4;
    qibu_kernel_dense_i16_i8 = dense::I16_I8;
    qibu_kernel_dense_i16_i4 = dense::I16_I4;
    qibu_kernel_dense_f32_f32 = dense::F32_F32;
    qibu_kernel_dense_f32_f16 = dense::F32_F16;
    qibu_kernel_dense_i8_tile1 = dense::I8_TILE1;
    qibu_kernel_dense_i8_tile4 = dense::I8_TILE4;
    qibu_kernel_dense_i8_tile16 = dense::I8_TILE16;
    qibu_kernel_dense_i16_tile1 = dense::I16_TILE1;
    qibu_kernel_dense_i16_tile4 = dense::I16_TILE4;
    qibu_kernel_dense_i16_tile16 = dense::I16_TILE16;
    qibu_kernel_dense_i8_wide1 = dense::I8_WIDE1;
    qibu_kernel_dense_i8_wide4 = dense::I8_WIDE4;
    qibu_kernel_dense_i16_wide1 = dense::I16_WIDE1;
    qibu_kernel_dense_i16_wide4 = dense::I16_WIDE4;
    qibu_kernel_conv_i8_i8 = conv::I8_I8;
    qibu_kernel_conv_i8_i4 = conv::I8_I4;
    qibu_kernel_conv_i16_i8 = conv::I16_I8;
    qibu_kernel_conv_i16_i4 = conv::I16_I4;
    qibu_kernel_conv_f32_f32 = conv::F32_F32;
    qibu_kernel_conv_f32_f16 = conv::F32_F16;
    qibu_kernel_conv_i8_tile1 = conv::I8_TILE1;
    qibu_kernel_conv_i8_tile4 = conv::I8_TILE4;
    qibu_kernel_conv_i8_tile16 = conv::I8_TILE16;
    qibu_kernel_conv_i16_tile1 = conv::I16_TILE1;
    qibu_kernel_conv_i16_tile4 = conv::I16_TILE4;
    qibu_kernel_conv_i16_tile16 = conv::I16_TILE16;
    qibu_kernel_conv_i8_wide1 = conv::I8_WIDE1;
    qibu_kernel_conv_i8_wide4 = conv::I8_WIDE4;
    qibu_kernel_conv_i16_wide1 = conv::I16_WIDE1;
    qibu_kernel_conv_i16_wide4 = conv::I16_WIDE4;
    qibu_kernel_conv_i8_depthwise = conv::I8_DEPTHWISE;
    qibu_kernel_top_k_dense_i8_i8 = top_k_dense::I8_I8;
    qibu_kernel_top_k_dense_i8_i4 = top_k_dense::I8_I4;
    qibu_kernel_top_k_dense_i16_i8 = top_k_dense::I16_I8;
    qibu_kernel_top_k_dense_i16_i4 = top_k_dense::I16_I4;
    qibu_kernel_top_k_dense_f32_f32 = top_k_dense::F32_F32;
    qibu_kernel_top_k_dense_f32_f16 = top_k_dense::F32_F16;
    qibu_kernel_top_k_dense_i8_tile1 = top_k_dense::I8_TILE1;
    qibu_kernel_top_k_dense_i8_tile4 = top_k_dense::I8_TILE4;
    qibu_kernel_top_k_dense_i8_tile16 = top_k_dense::I8_TILE16;
    qibu_kernel_top_k_dense_i16_tile1 = top_k_dense::I16_TILE1;
    qibu_kernel_top_k_dense_i16_tile4 = top_k_dense::I16_TILE4;
    qibu_kernel_top_k_dense_i16_tile16 = top_k_dense::I16_TILE16;
    qibu_kernel_top_k_dense_i8_wide1 = top_k_dense::I8_WIDE1;
    qibu_kernel_top_k_dense_i8_wide4 = top_k_dense::I8_WIDE4;
    qibu_kernel_top_k_dense_i16_wide1 = top_k_dense::I16_WIDE1;
    qibu_kernel_top_k_dense_i16_wide4 = top_k_dense::I16_WIDE4;
    qibu_kernel_top_k_groups_i8_i8 = top_k_groups::I8_I8;
    qibu_kernel_top_k_groups_i8_i4 = top_k_groups::I8_I4;
    qibu_kernel_top_k_groups_i16_i8 = top_k_groups::I16_I8;
    qibu_kernel_top_k_groups_i16_i4 = top_k_groups::I16_I4;
    qibu_kernel_top_k_groups_f32_f32 = top_k_groups::F32_F32;
    qibu_kernel_top_k_groups_f32_f16 = top_k_groups::F32_F16;
    qibu_kernel_top_k_groups_i8_tile1 = top_k_groups::I8_TILE1;
    qibu_kernel_top_k_groups_i8_tile4 = top_k_groups::I8_TILE4;
    qibu_kernel_top_k_groups_i8_tile16 = top_k_groups::I8_TILE16;
    qibu_kernel_top_k_groups_i16_tile1 = top_k_groups::I16_TILE1;
    qibu_kernel_top_k_groups_i16_tile4 = top_k_groups::I16_TILE4;
    qibu_kernel_top_k_groups_i16_tile16 = top_k_groups::I16_TILE16;
    qibu_kernel_top_k_groups_i8_wide1 = top_k_groups::I8_WIDE1;
    qibu_kernel_top_k_groups_i8_wide4 = top_k_groups::I8_WIDE4;
    qibu_kernel_top_k_groups_i16_wide1 = top_k_groups::I16_WIDE1;
    qibu_kernel_top_k_groups_i16_wide4 = top_k_groups::I16_WIDE4;
    qibu_kernel_mat_mul_i8 = mat_mul::I8;
    qibu_kernel_mat_mul_f32 = mat_mul::F32;
    qibu_kernel_gate_integer = gate::INTEGER;
    qibu_kernel_gate_f32 = gate::F32;
    qibu_kernel_arithmetic_add_integer = arithmetic::ADD_INTEGER;
    qibu_kernel_arithmetic_add_f32 = arithmetic::ADD_F32;
    qibu_kernel_arithmetic_mul_integer = arithmetic::MUL_INTEGER;
    qibu_kernel_arithmetic_mul_f32 = arithmetic::MUL_F32;
    qibu_kernel_mean_integer = mean::INTEGER;
    qibu_kernel_mean_f32 = mean::F32;
    qibu_kernel_pool_i8 = pool::I8;
    qibu_kernel_pool_i16 = pool::I16;
    qibu_kernel_pool_f32 = pool::F32;
    qibu_kernel_unary_table = unary::TABLE;
    qibu_kernel_unary_i32 = unary::I32;
    qibu_kernel_unary_bool = unary::BOOL;
    qibu_kernel_unary_f32 = unary::F32;
    qibu_kernel_unary_f32_sqrt = unary::F32_SQRT;
    qibu_kernel_unary_f32_exp = unary::F32_EXP;
    qibu_kernel_unary_f32_tanh = unary::F32_TANH;
    qibu_kernel_unary_f32_expm1 = unary::F32_EXPM1;
    qibu_kernel_unary_f32_log = unary::F32_LOG;
    qibu_kernel_unary_f32_erf = unary::F32_ERF;
    qibu_kernel_unary_f32_softplus = unary::F32_SOFTPLUS;
    qibu_kernel_unary_f32_sin = unary::F32_SIN;
    qibu_kernel_binary_i32 = binary::I32;
    qibu_kernel_binary_bool = binary::BOOL;
    qibu_kernel_binary_f32 = binary::F32;
    qibu_kernel_binary_f32_pow = binary::F32_POW;
    qibu_kernel_binary_f32_mod = binary::F32_MOD;
    qibu_kernel_types_quantise = types::QUANTISE;
    qibu_kernel_types_dequantise = types::DEQUANTISE;
    qibu_kernel_to_grid_f32 = to_grid::F32;
    qibu_kernel_cast_any = cast::ANY;
    qibu_kernel_gather_plain = gather::PLAIN;
    qibu_kernel_gather_i4 = gather::I4;
    qibu_kernel_gather_f16 = gather::F16;
    qibu_kernel_scatter_any = scatter::ANY;
    qibu_kernel_select_any = select::ANY;
    qibu_kernel_copy_any = copy::ANY;
    qibu_kernel_pad_any = pad::ANY;
    qibu_kernel_concat_any = concat::ANY;
    qibu_kernel_reduce_i8 = reduce::I8;
    qibu_kernel_reduce_i16 = reduce::I16;
    qibu_kernel_reduce_i32 = reduce::I32;
    qibu_kernel_reduce_f32 = reduce::F32;
    qibu_kernel_cum_sum_i32 = cum_sum::I32;
    qibu_kernel_cum_sum_f32 = cum_sum::F32;
    qibu_kernel_arg_max_i8 = arg_max::I8;
    qibu_kernel_arg_max_i16 = arg_max::I16;
    qibu_kernel_arg_max_i32 = arg_max::I32;
    qibu_kernel_arg_max_f32 = arg_max::F32;
    qibu_kernel_top_k_i8 = top_k::I8;
    qibu_kernel_top_k_i16 = top_k::I16;
    qibu_kernel_top_k_i32 = top_k::I32;
    qibu_kernel_top_k_f32 = top_k::F32;
    qibu_kernel_softmax_f32 = softmax::F32;
    qibu_kernel_normalise_f32 = normalise::F32;
}
