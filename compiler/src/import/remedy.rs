//! What it takes to get a model through that has a node which cannot be compiled.

pub(super) const FOREIGN: &str =
    "export with standard operators, or inline the model's own functions (onnx.inliner)";
pub(super) const NESTED: &str =
    "export by tracing, with the branch taken and the number of turns fixed";
pub(super) const BRIEF: &str = "convert the model to float32";
pub(super) const COMPUTED: &str = "make its operands constants; onnxsim often can";

const SHAPELESS: &str =
    "its result has no fixed shape: cut the model before it and run the rest on the host";
const RANDOM: &str = "draw the numbers outside and make them an input of the model";
const SIGNAL: &str = "compute it before the model, and make its result the input";
const TRAINING: &str = "export the model for inference";
const OTHER: &str = "rewrite it with supported operators, or cut the model before it";

/// What to do about an operator that is not supported.
pub(super) fn of(op_type: &str) -> &'static str {
    match op_type {
        "NonZero" | "Unique" | "Compress" | "NonMaxSuppression" => SHAPELESS,
        "Bernoulli" | "Multinomial" | "RandomNormal" | "RandomNormalLike" | "RandomUniform"
        | "RandomUniformLike" => RANDOM,
        "DFT" | "STFT" | "MelWeightMatrix" | "ImageDecoder" | "TfIdfVectorizer" => SIGNAL,
        "Adam"
        | "Adagrad"
        | "Momentum"
        | "Gradient"
        | "NegativeLogLikelihoodLoss"
        | "SoftmaxCrossEntropyLoss" => TRAINING,
        _ if op_type.starts_with("Sequence") || op_type.starts_with("Optional") => SHAPELESS,
        _ => OTHER,
    }
}
