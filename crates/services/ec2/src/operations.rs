//! Registering operations that see the account's network.

/// Like [`contracts::operations!`], and the default VPC is there before the handler runs: AWS accounts have one before
/// their first request.
macro_rules! network_operations {
    ($table:expr, $service:expr, { $($operation:ident => $handler:path),* $(,)? }) => {
        $(
            $table.on::<ops::$operation, _, _, _>($service, |call: contracts::Call<crate::Ec2>, input| async move {
                crate::vpc::ensure_default_vpc(&call, call.scope()).await?;
                $handler(call, input).await
            });
        )*
    };
}
