//! The durable store: memory for reads, a fjall log for durability.
