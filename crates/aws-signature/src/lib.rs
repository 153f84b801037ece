//! Signature Version 4: header, presigned, POST policy, chunked.
