//! The set against the prototype's builder, and a small table byte by byte.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::vec::Vec;

/// The reference: peels pairs that have a slot of their own, fills slots in the opposite order.
fn build(keys: &[u32], shift: u32, bits: u32, bonus: u32) -> Vec<u8> {
    let segments = ((keys.len() as u32 * 9 / 8) >> shift) + 3;
    let count = (segments << shift) as usize;
    let mask = (1 << bits) - 1;
    'seeds: for seed in (1..).map(mix) {
        let of = |key: u32| slots(key, seed, segments, shift);
        let mut users: Vec<Vec<u32>> = std::vec![Vec::new(); count];
        for &key in keys {
            for slot in of(key).0 {
                users[slot as usize].push(key);
            }
        }
        let mut order = Vec::new();
        while order.len() < keys.len() {
            let Some(slot) = users.iter().position(|users| users.len() == 1) else {
                continue 'seeds;
            };
            let key = users[slot][0];
            order.push((key, slot));
            for slot in of(key).0 {
                users[slot as usize].retain(|&other| other != key);
            }
        }
        let mut values = std::vec![0u32; count];
        for &(key, slot) in order.iter().rev() {
            let (slots, fingerprint) = of(key);
            let others = slots.iter().filter(|&&other| other as usize != slot);
            let value = others.fold(fingerprint, |x, &other| x ^ values[other as usize]);
            values[slot] = value & mask;
        }
        let mut table = seed.to_le_bytes().to_vec();
        table.extend((segments as u16).to_le_bytes());
        table.extend([shift as u8, bits as u8]);
        table.extend(bonus.to_le_bytes());
        table.resize(HEADER + (count * bits as usize).div_ceil(8) + 1, 0);
        for (slot, value) in values.iter().enumerate() {
            for bit in 0..bits as usize {
                let at = slot * bits as usize + bit;
                table[HEADER + at / 8] |= ((value >> bit & 1) as u8) << (at % 8);
            }
        }
        return table;
    }
    unreachable!("a seed fits")
}

#[test]
fn a_small_table_has_these_bytes() {
    let keys = [(1, 2), (2, 3), (3, 1), (700, 4), (5, 700)].map(|(a, b)| key(a, b));
    let table = build(&keys, 2, 5, 3 << 16);
    let expected = [
        [192, 144, 137, 104, 4, 0, 2, 5, 0, 0, 3, 0].as_slice(),
        &[192, 85, 96, 13, 64, 0, 0, 0, 0, 0, 0],
    ]
    .concat();
    assert_eq!(table, expected);
}

#[test]
fn a_slot_hashes_as_it_always_did() {
    assert_eq!(mix(1), 0x6889_90c0);
    let expected = ([153_740, 157_129, 160_451], 8_228_502);
    assert_eq!(slots(key(1, 2), mix(1), 40, 12), expected);
}

#[test]
fn others_are_found_by_chance() {
    let mut random = crate::random::Random::new(1);
    let mut pair = || {
        key(
            (random.next_u32() % 3000) as u16,
            (random.next_u32() % 3000) as u16,
        )
    };
    let set: BTreeSet<u32> = (0..3000).map(|_| pair()).collect();
    let keys: Vec<u32> = set.iter().copied().collect();
    for bits in [4, 5, 8] {
        let table = build(&keys, 8, bits, 0);
        let pairs = Pairs::new(&table).unwrap();
        let has = |key: u32| pairs.contains((key >> 16) as u16, key as u16);
        assert!(keys.iter().all(|&key| has(key)));
        let asked: Vec<u32> = (0..40_000).map(|_| pair()).collect();
        let others = asked.iter().filter(|key| !set.contains(key));
        let wrong = others.filter(|&&key| has(key)).count() << bits;
        assert!((30_000..50_000).contains(&wrong), "{bits} bits: {wrong}");
    }
}

#[test]
fn header_and_length_fit_each_other() {
    let good = build(&[key(1, 2), key(3, 4)], 3, 5, 77);
    assert_eq!(Pairs::new(&good).unwrap().bonus(), 77);
    let broken = |at: usize, value: u8| {
        let mut table = good.clone();
        table[at] = value;
        Pairs::new(&table).is_none()
    };
    // Segments, shift, bits: none, too many, others.
    for (at, value) in [
        (4, 0),
        (4, 2),
        (4, 4),
        (5, 255),
        (6, 2),
        (6, 17),
        (6, 255),
        (7, 0),
        (7, 4),
        (7, 9),
    ] {
        assert!(broken(at, value), "{at} {value}");
    }
    for length in 0..good.len() {
        assert!(Pairs::new(&good[..length]).is_none());
    }
    let longer = [&good[..], &[0]].concat();
    assert!(Pairs::new(&longer).is_none());
    assert!(table_length(u16::MAX, 16, 8).is_none());
    assert!(table_length(1 << 12, 16, 8).is_some());
}

proptest! {
    #[test]
    fn all_of_the_set_is_found(
        set in proptest::collection::btree_set(any::<(u16, u16)>(), 0..60),
        shift in 2u32..6,
        bits in 1u32..9,
    ) {
        let keys: Vec<u32> = set.iter().map(|&(a, b)| key(a, b)).collect();
        let table = build(&keys, shift + 3, bits, 0);
        let pairs = Pairs::new(&table).unwrap();
        for (a, b) in set {
            prop_assert!(pairs.contains(a, b));
        }
    }

    #[test]
    fn slots_are_slots_of_three_neighbouring_segments(
        key: u32, seed: u32, segments in 3u32..5000, shift in 0u32..17,
    ) {
        let (slots, _) = slots(key, seed, segments, shift);
        let [a, b, c] = slots.map(|slot| slot >> shift);
        prop_assert_eq!([b, c], [a + 1, a + 2]);
        prop_assert!(c < segments);
    }
}
