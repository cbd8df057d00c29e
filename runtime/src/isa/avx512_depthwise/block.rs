//! Sixteen lanes: their weights, sums and results.
// Registers, pointers and arrays of them share an index.
#![allow(clippy::needless_range_loop)]

use super::super::avx512::{Clamp, FOUR, Sixteen, store_four};
use super::super::x86;
use super::{LANES, Line, Plan, QUAD, TAPS};
use crate::kernels::conv::depthwise::Layer;
use crate::kernels::sink::Out;
use core::arch::x86_64::*;

/// Blocks of a line.
pub(super) const BLOCKS: usize = 4;

/// Channels in lanes.
pub(super) struct Block {
    /// For each tap along a line, a byte of each tap across.
    taps: [__m512i; TAPS],
    /// What takes the flipped signs of the inputs back is added to it.
    bias: __m512i,
    words: __m512i,
    /// A bit for each lane that is a channel.
    mask: u16,
    /// Whether every sum is below 2¹⁹.
    pub is_narrow: bool,
}

impl Block {
    /// Channels from `channel` on; they are again those of the next pixel where the plan is flat.
    ///
    /// # Safety
    /// The layer has the channel, and as many weights, biases and scale words as its channels need.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    pub unsafe fn new(
        layer: &Layer<'_>,
        plan: &Plan,
        channel: usize,
        shuffle: Option<__m128i>,
    ) -> Self {
        let left = (plan.channels - channel).min(LANES);
        let mask = u16::MAX >> (LANES - left);
        // SAFETY: of both, `left` words are read; then, weights of channels that exist.
        let (bias, words, taps) = unsafe {
            let words = |start: *const i32| _mm512_maskz_loadu_epi32(mask, start.add(channel));
            let (bias, scales) = (
                words(layer.bias.as_ptr()),
                words(layer.scales.as_ptr().cast()),
            );
            if left == LANES {
                (
                    bias,
                    scales,
                    taps(layer, plan, channel, |lane| lane, shuffle),
                )
            } else {
                // Lanes without a channel are again the first ones where the plan is flat, or repeat the
                // last one, and are not stored.
                let place = |lane: usize| match plan.flat {
                    true => lane % left,
                    false => lane.min(left - 1),
                };
                let lanes: [i32; LANES] = core::array::from_fn(|lane| place(lane) as i32);
                let index = _mm512_loadu_si512(lanes.as_ptr().cast());
                (
                    _mm512_permutexvar_epi32(index, bias),
                    _mm512_permutexvar_epi32(index, scales),
                    taps(layer, plan, channel, place, shuffle),
                )
            }
        };
        // |x| ≤ 128 and |w| ≤ 128.
        let most = (1 << 19) - ((layer.window.taps() as i32) << 14);
        let within = _mm512_cmplt_epi32_mask(_mm512_abs_epi32(bias), _mm512_set1_epi32(most));
        // The magnitude of the least integer is negative.
        let magnitude = _mm512_cmpge_epi32_mask(_mm512_abs_epi32(bias), _mm512_setzero_si512());
        let mut flipped = _mm512_setzero_si512();
        for tap in taps {
            flipped = _mm512_dpbusd_epi32(flipped, _mm512_set1_epi8(-128), tap);
        }
        Self {
            taps,
            bias: _mm512_sub_epi32(bias, flipped),
            words,
            mask: if plan.flat { u16::MAX } else { mask },
            is_narrow: within & magnitude == u16::MAX,
        }
    }

    /// Outputs of `together` lines into int8, sums being narrow; `at` is the first output.
    ///
    /// # Safety
    /// The line has every column that an output sees; `out` has every output's lanes.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    #[allow(clippy::too_many_arguments)] // Where it reads and where it writes.
    pub unsafe fn int8(
        &self,
        plan: &Plan,
        line: &Line,
        lane: usize,
        together: usize,
        fast: &Fast,
        out: &mut [i8],
        at: usize,
    ) {
        let walk = Walk::new(plan, line, lane, self.mask);
        // SAFETY: as the caller says.
        unsafe {
            let out = out.as_mut_ptr().add(at);
            match (together, plan.along.axis.kernel) {
                (1, 3) => self.lines::<1, 3>(&walk, plan, fast, out),
                (1, _) => self.lines::<1, 0>(&walk, plan, fast, out),
                (_, 3) => self.lines::<2, 3>(&walk, plan, fast, out),
                _ => self.lines::<2, 0>(&walk, plan, fast, out),
            }
        }
    }

    /// `P` lines of a window with `K` taps along a line, any number of them where it is zero.
    ///
    /// # Safety
    /// As for [`Block::int8`].
    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn lines<const P: usize, const K: usize>(
        &self,
        walk: &Walk,
        plan: &Plan,
        fast: &Fast,
        out: *mut i8,
    ) {
        let apart = plan.across.output;
        let second = self.second(plan);
        let narrow = Narrow::new(self.words);
        let kernel = if K == 0 { plan.along.axis.kernel } else { K };
        let order = _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0);
        let each = FOUR / P;
        let mut x = 0;
        while x < walk.count {
            // The last outputs are done twice rather than by themselves, where there are as many.
            x = x.min(walk.count.saturating_sub(each));
            let count = (walk.count - x).min(each);
            let mut sums = [self.bias; FOUR];
            for n in 0..each {
                // SAFETY: the line has the columns that an output sees; those behind the last output are
                // not looked at.
                unsafe {
                    let column = walk.start.add((x + n.min(count - 1)) * walk.step);
                    for j in 0..kernel {
                        let quads = _mm512_loadu_si512(column.add(j * walk.tap).cast());
                        sums[n * P] = _mm512_dpbusd_epi32(sums[n * P], quads, self.taps[j]);
                        if P == 2 {
                            let sum = &mut sums[n * P + 1];
                            *sum = _mm512_dpbusd_epi32(*sum, quads, second[j]);
                        }
                    }
                }
            }
            let [a, b, c, d] = sums;
            let ab = _mm512_packs_epi32(narrow.doubled(a), narrow.doubled(b));
            let cd = _mm512_packs_epi32(narrow.doubled(c), narrow.doubled(d));
            let packed = _mm512_permutexvar_epi32(order, fast.pack(ab, cd));
            let quarters = [
                _mm512_castsi512_si128(packed),
                _mm512_extracti32x4_epi32::<1>(packed),
                _mm512_extracti32x4_epi32::<2>(packed),
                _mm512_extracti32x4_epi32::<3>(packed),
            ];
            for n in 0..each {
                let mask = if x + n + 1 == walk.count {
                    walk.last
                } else {
                    self.mask
                };
                for p in 0..P {
                    if n < count {
                        // SAFETY: the output has the lanes of the mask.
                        unsafe {
                            let out = out.add((x + n) * walk.out + p * apart);
                            match mask == u16::MAX {
                                true => _mm_storeu_si128(out.cast(), quarters[n * P + p]),
                                false => _mm_mask_storeu_epi8(out, mask, quarters[n * P + p]),
                            }
                        }
                    }
                }
            }
            x += each;
        }
    }

    /// The weights that the second line of outputs has for the same quads.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn second(&self, plan: &Plan) -> [__m512i; TAPS] {
        let bits = _mm_cvtsi32_si128(8 * plan.across.axis.stride.min(QUAD) as i32);
        self.taps.map(|tap| _mm512_sll_epi32(tap, bits))
    }

    /// Outputs of `together` lines, whatever they are.
    ///
    /// # Safety
    /// As for [`Block::int8`].
    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    #[allow(clippy::too_many_arguments)] // Where it reads and where it writes.
    pub unsafe fn any(
        &self,
        plan: &Plan,
        line: &Line,
        lane: usize,
        together: usize,
        clamp: &Clamp,
        out: &mut Out<'_>,
        at: usize,
    ) {
        let walk = Walk::new(plan, line, lane, self.mask);
        let (mut bias, mut words) = ([0i32; LANES], [0u32; LANES]);
        // SAFETY: as long as registers.
        unsafe {
            _mm512_storeu_si512(bias.as_mut_ptr().cast(), self.bias);
            _mm512_storeu_si512(words.as_mut_ptr().cast(), self.words);
        }
        let Some(lanes) = Sixteen::new(&bias, &words, 0) else {
            return;
        };
        let second = self.second(plan);
        for p in 0..together {
            let taps = if p == 0 { &self.taps } else { &second };
            for x in 0..walk.count {
                let mut sum = _mm512_setzero_si512();
                for (j, &tap) in taps.iter().enumerate().take(plan.along.axis.kernel) {
                    // SAFETY: the line has the columns that an output sees.
                    unsafe {
                        let column = walk.start.add(x * walk.step + j * walk.tap);
                        sum = _mm512_dpbusd_epi32(sum, _mm512_loadu_si512(column.cast()), tap);
                    }
                }
                let mask = if x + 1 == walk.count {
                    walk.last
                } else {
                    self.mask
                };
                let values = [lanes.requantise(sum); FOUR];
                let at = at + x * walk.out + p * plan.across.output;
                // SAFETY: the output has the lanes of the mask.
                unsafe { store_four(out, (at, 0), 1, mask, values, clamp) };
            }
        }
    }
}

/// Where a block's outputs read and write.
struct Walk {
    start: *const i32,
    /// Outputs, each of sixteen lanes.
    count: usize,
    /// Between outputs and between taps, in the line; between outputs, in the output.
    step: usize,
    tap: usize,
    out: usize,
    /// Lanes of the last output.
    last: u16,
}

impl Walk {
    #[inline]
    fn new(plan: &Plan, line: &Line, lane: usize, mask: u16) -> Self {
        let axis = &plan.along.axis;
        let start = line.as_ptr().cast::<i32>().wrapping_add(lane);
        let tap = axis.dilation * plan.chunk;
        if plan.flat {
            let elements = axis.output * plan.channels;
            let count = elements.div_ceil(LANES);
            return Self {
                start,
                count,
                step: LANES,
                tap,
                out: LANES,
                last: u16::MAX >> (count * LANES - elements),
            };
        }
        Self {
            start,
            count: axis.output,
            step: axis.stride * plan.chunk,
            tap,
            out: plan.along.output,
            last: mask,
        }
    }
}

/// Requantisation of sums below 2¹⁹, times two and not yet rounded:
///
/// ```text
/// requantise(x) = ⌊(⌊2·x·k / 2ˢ⌋ + 1) / 2⌋              k below 2²³, s = t − 8
/// ⌊2·x·k / 2ˢ⌋  = (x·k₁ + (x·k₀ >> 12)) >> (s − 13)      k = k₁·2¹² + k₀
/// ```
struct Narrow {
    high: __m512i,
    low: __m512i,
    shift: __m512i,
}

impl Narrow {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn new(words: __m512i) -> Self {
        let t = _mm512_and_si512(words, _mm512_set1_epi32(0xFF));
        let low = _mm512_srli_epi32::<8>(words);
        Self {
            high: _mm512_srli_epi32::<20>(words),
            low: _mm512_and_si512(low, _mm512_set1_epi32(0xFFF)),
            shift: _mm512_sub_epi32(t, _mm512_set1_epi32(21)),
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn doubled(&self, x: __m512i) -> __m512i {
        let low = _mm512_srai_epi32::<12>(_mm512_mullo_epi32(x, self.low));
        let sum = _mm512_add_epi32(_mm512_mullo_epi32(x, self.high), low);
        _mm512_srav_epi32(sum, self.shift)
    }
}

/// From results times two to int8.
pub(super) struct Fast {
    /// The half that rounds, and the zero point.
    add: __m512i,
    low: __m512i,
    high: __m512i,
}

impl Fast {
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub fn new(clamp: x86::Clamp) -> Self {
        Self {
            add: _mm512_set1_epi16((1 + 2 * clamp.zero_point) as i16),
            low: _mm512_set1_epi8(clamp.bounds.0 as i8),
            high: _mm512_set1_epi8(clamp.bounds.1 as i8),
        }
    }

    /// Saturation on the way is far from the bounds, which are those of int8 at most.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn pack(&self, a: __m512i, b: __m512i) -> __m512i {
        let a = _mm512_srai_epi16::<1>(_mm512_adds_epi16(a, self.add));
        let b = _mm512_srai_epi16::<1>(_mm512_adds_epi16(b, self.add));
        let packed = _mm512_packs_epi16(a, b);
        _mm512_max_epi8(_mm512_min_epi8(packed, self.high), self.low)
    }
}

/// Where the weights of a channel go: each byte of its taps to one of four words, a tap along a line each.
/// `None` where they are more.
pub(super) fn shuffle(plan: &Plan) -> Option<__m128i> {
    let (across, along) = (&plan.across, &plan.along);
    if along.axis.kernel > 4 {
        return None;
    }
    let mut places = [[-1i8; QUAD]; 4];
    for (j, word) in places.iter_mut().enumerate().take(along.axis.kernel) {
        for (i, place) in word.iter_mut().enumerate().take(across.axis.kernel) {
            *place = (i * across.tap + j * along.tap) as i8;
        }
    }
    // SAFETY: as long as the register.
    Some(unsafe { _mm_loadu_si128(places.as_ptr().cast()) })
}

/// For each tap along a line, the bytes of the taps across, of the channel at `place(lane)` behind `channel`.
///
/// # Safety
/// The layer has weights for all of them.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
unsafe fn taps(
    layer: &Layer<'_>,
    plan: &Plan,
    channel: usize,
    place: impl Fn(usize) -> usize,
    shuffle: Option<__m128i>,
) -> [__m512i; TAPS] {
    let mut taps = [_mm512_setzero_si512(); TAPS];
    let each = layer.window.taps();
    // SAFETY: the weights of the lane's channel.
    let weights =
        |lane: usize| unsafe { layer.weights.as_ptr().add((channel + place(lane)) * each) };
    let Some(shuffle) = shuffle else {
        let (across, along) = (&plan.across, &plan.along);
        for (j, tap) in taps.iter_mut().enumerate().take(along.axis.kernel) {
            let mut bytes = [[0i8; QUAD]; LANES];
            for (lane, word) in bytes.iter_mut().enumerate() {
                for (i, byte) in word.iter_mut().enumerate().take(across.axis.kernel) {
                    // SAFETY: a tap of the channel.
                    *byte = unsafe { *weights(lane).add(i * across.tap + j * along.tap) };
                }
            }
            // SAFETY: as long as the register.
            *tap = unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) };
        }
        return taps;
    };
    // At most sixteen taps.
    let mask = u16::MAX >> 16usize.saturating_sub(each);
    let shuffle = _mm512_broadcast_i32x4(shuffle);
    // SAFETY: as many bytes as a channel has taps.
    let row = |lane| unsafe { _mm_maskz_loadu_epi8(mask, weights(lane)) };
    // Lanes four apart: what is transposed below.
    let four = |lane: usize| {
        let rows = _mm512_castsi128_si512(row(lane));
        let rows = _mm512_inserti32x4::<1>(rows, row(lane + 4));
        let rows = _mm512_inserti32x4::<2>(rows, row(lane + 8));
        let rows = _mm512_inserti32x4::<3>(rows, row(lane + 12));
        _mm512_shuffle_epi8(rows, shuffle)
    };
    let (a, b, c, d) = (four(0), four(1), four(2), four(3));
    let (ab, cd) = (_mm512_unpacklo_epi32(a, b), _mm512_unpacklo_epi32(c, d));
    taps[0] = _mm512_unpacklo_epi64(ab, cd);
    taps[1] = _mm512_unpackhi_epi64(ab, cd);
    let (ab, cd) = (_mm512_unpackhi_epi32(a, b), _mm512_unpackhi_epi32(c, d));
    taps[2] = _mm512_unpacklo_epi64(ab, cd);
    taps[3] = _mm512_unpackhi_epi64(ab, cd);
    taps
}
