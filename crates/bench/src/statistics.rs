//! Percentiles of a set of times.

/// Times in milliseconds, ordered.
pub(crate) struct Times(Vec<f64>);

impl Times {
    /// Orders them.
    pub(crate) fn new(mut milliseconds: Vec<f64>) -> Times {
        milliseconds.sort_unstable_by(f64::total_cmp);
        Times(milliseconds)
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The smallest time that at least `percent` of the times do not exceed (nearest rank); 0 of an empty set.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or_default()
    }

    /// Half are shorter.
    pub(crate) fn median(&self) -> f64 {
        self.percentile(50)
    }

    /// The longest.
    pub(crate) fn longest(&self) -> f64 {
        self.percentile(100)
    }
}

#[cfg(test)]
mod tests {
    use super::Times;

    #[test]
    fn nearest_rank() {
        let hundred = Times::new((1..=100).rev().map(f64::from).collect());
        assert_eq!((hundred.median(), hundred.percentile(99), hundred.longest()), (50.0, 99.0, 100.0));
        let few = Times::new(vec![3.0, 1.0, 2.0]);
        assert_eq!((few.median(), few.percentile(99), few.len()), (2.0, 3.0, 3));
        assert!(Times::new(Vec::new()).median().abs() < 1e-9);
    }
}
