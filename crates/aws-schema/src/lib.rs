//! Shape types, and the traits by which values are read and written.
