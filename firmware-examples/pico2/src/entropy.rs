//! The random number generator of the RP2350, which its HAL leaves out.

use rp235x_hal::pac::{RESETS, TRNG};

/// Cycles between two samples of the ring oscillator. Samples that are close resemble each other,
/// and the generator's own tests refuse those.
const SAMPLE_CYCLES: u32 = 1000;
/// 192 bits take about 5 ms; this is many times as long.
const LONGEST_WAIT: u32 = 10_000_000;
const ATTEMPTS: u32 = 8;

/// The generator. It gathers 192 bits, each from a pair of samples that differ (von Neumann's way
/// to remove a bias), and tests them.
pub struct Trng {
    trng: TRNG,
    resets: RESETS,
}

impl Trng {
    /// The generator; it is off between calls of [`Trng::bits`].
    pub fn new(trng: TRNG, resets: RESETS) -> Self {
        Self { trng, resets }
    }

    /// 64 bits, or none where the generator's tests refuse all attempts.
    pub fn bits(&mut self) -> Option<u64> {
        (0..ATTEMPTS).find_map(|_| self.attempt())
    }

    fn attempt(&mut self) -> Option<u64> {
        // A generator that refused its bits stays silent until a reset.
        self.resets.reset().modify(|_, w| w.trng().set_bit());
        self.resets.reset().modify(|_, w| w.trng().clear_bit());
        while self.resets.reset_done().read().trng().bit_is_clear() {}
        let trng = &self.trng;
        // SAFETY: the field is a number of cycles, any will do.
        trng.sample_cnt1()
            .write(|w| unsafe { w.sample_cntr1().bits(SAMPLE_CYCLES) });
        trng.rnd_source_enable().write(|w| w.rnd_src_en().set_bit());
        let mut states = (0..LONGEST_WAIT).map(|_| trng.rng_isr().read());
        let state = states.find(|state| state.bits() != 0)?;
        let low = trng.ehr_data0().read().bits();
        let high = trng.ehr_data1().read().bits();
        trng.rnd_source_enable()
            .write(|w| w.rnd_src_en().clear_bit());
        // Bits are there and no test failed.
        (state.bits() == 1).then_some(u64::from(high) << 32 | u64::from(low))
    }
}
