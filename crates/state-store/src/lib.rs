//! Revisioned records, compare-and-swap transactions, prefix watch.
