//! When messages are due. Time is bent so that the rate is constant in it; the way back says when
//! on the clock a message is due.

use std::f64::consts::TAU;
use std::time::Duration;

use crate::args::Load;

/// A burst comes this often, seconds.
const BURST_EVERY: f64 = 10.0;
/// A ramp without end takes this long, seconds.
const RAMP: f64 = 60.0;
/// A day without end takes a day, seconds.
const DAY: f64 = 86_400.0;
/// How far the rate goes up and down during a day.
const SWING: f64 = 0.8;

/// How the rate of a fleet changes.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    load: Load,
    /// Seconds of a ramp or a day.
    whole: f64,
}

impl Schedule {
    /// The schedule of a run of this length.
    pub fn new(load: Load, duration: Option<Duration>) -> Schedule {
        let usual = if load == Load::Ramp { RAMP } else { DAY };
        Schedule { load, whole: duration.map_or(usual, |duration| duration.as_secs_f64()) }
    }

    /// Seconds from the start until a device with a rate of 1 has sent `count` messages.
    pub fn due_s(&self, count: f64) -> f64 {
        match self.load {
            Load::Steady => count,
            Load::Ramp if count <= self.whole / 2.0 => (2.0 * self.whole * count).sqrt(),
            Load::Ramp => count + self.whole / 2.0,
            Load::Burst => {
                let (cycle, rest) = ((count / BURST_EVERY).floor(), count % BURST_EVERY);
                let half = BURST_EVERY / 2.0;
                let within = match rest < half {
                    true => rest / half,
                    false => 1.0 + (rest - half) / half * (BURST_EVERY - 1.0),
                };
                cycle * BURST_EVERY + within
            }
            Load::Diurnal => self.bisect(count),
        }
    }

    /// Messages of a device with a rate of 1 up to this second of a day.
    fn sent(&self, second: f64) -> f64 {
        second - SWING * self.whole / TAU * (TAU * second / self.whole).sin()
    }

    fn bisect(&self, count: f64) -> f64 {
        // The curve and the diagonal are never further apart than the swing.
        let (mut low, mut high) = ((count - self.whole).max(0.0), count + self.whole);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            match self.sent(middle) < count {
                true => low = middle,
                false => high = middle,
            }
        }
        high
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages due in each of ten equal parts of 100 seconds.
    fn parts(load: Load) -> Vec<usize> {
        let schedule = Schedule::new(load, Some(Duration::from_secs(100)));
        let due: Vec<f64> = (0..2_000).map(|n| schedule.due_s(f64::from(n) / 10.0)).collect();
        assert!(due.is_sorted(), "{load:?}");
        let within =
            |from: f64| due.iter().filter(|due| (from..from + 10.0).contains(*due)).count();
        (0..10).map(|part| within(f64::from(part) * 10.0)).collect()
    }

    #[test]
    fn loads_have_their_shape() {
        assert_eq!(parts(Load::Steady), [100; 10]);
        assert_eq!(parts(Load::Burst), [100; 10]);
        let ramp = parts(Load::Ramp);
        assert!(ramp.is_sorted() && ramp[0] <= 6 && ramp[9] >= 94, "{ramp:?}");
        assert_eq!(ramp.iter().sum::<usize>(), 500);
        let day = parts(Load::Diurnal);
        assert!(day[0] < 30 && day[4] > 170 && day[9] < 30, "{day:?}");
        assert!((999..=1001).contains(&day.iter().sum::<usize>()), "{day:?}");
    }

    #[test]
    fn half_of_a_burst_comes_in_one_second() {
        let schedule = Schedule::new(Load::Burst, None);
        let first = (0..100).filter(|n| schedule.due_s(f64::from(*n) / 10.0) < 1.0).count();
        assert_eq!(first, 50);
    }
}
