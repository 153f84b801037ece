//! A whole private cloud in one call, for tests.
