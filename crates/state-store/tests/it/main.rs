//! Tests of the store's two layers over the memory backend.

mod typed;
