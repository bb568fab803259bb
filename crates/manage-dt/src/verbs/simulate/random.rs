//! Numbers that look random and are a function of the seed: message `k` of device `d` is the same
//! in every run, whatever happens meanwhile, and nothing is kept for it.

/// Draws numbers (SplitMix64).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The draws for one thing, named by numbers.
    pub fn of(seed: u64, names: [u64; 2]) -> Random {
        let mut random = Random(seed);
        for name in names {
            random = Random(random.next() ^ name.wrapping_mul(0xd6e8_feb8_6659_fd93));
        }
        random
    }

    /// The next one.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 up to but not including 1.
    pub fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From 0 up to but not including `count`, which is not 0.
    pub fn below(&mut self, count: usize) -> usize {
        (self.share() * count as f64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_a_function_of_their_names() {
        let draw = |seed, names| Random::of(seed, names).next();
        assert_eq!(draw(1, [2, 3]), draw(1, [2, 3]));
        let all = [draw(1, [2, 3]), draw(2, [2, 3]), draw(1, [3, 2]), draw(1, [2, 4])];
        assert!((1..4).all(|at| !all[..at].contains(&all[at])), "{all:?}");
    }

    #[test]
    fn draws_are_spread_evenly() {
        let mut counts = [0_u32; 10];
        for device in 0..10_000 {
            counts[Random::of(7, [device, 0]).below(10)] += 1;
        }
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    }
}
