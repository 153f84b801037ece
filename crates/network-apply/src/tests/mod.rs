//! Byte-level tests: what is written, and that nothing read can cause a panic.
//! What the kernel makes of it is tested in `tests/it`.

mod config;
mod parts;
mod reading;
mod writing;
