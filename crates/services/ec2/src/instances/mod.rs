//! Instances: run, describe, change state, attributes.

mod attributes;
mod console;
mod credits;
mod describe;
mod faults;
mod metadata_options;
mod monitoring;
pub(crate) mod names;
mod profiles;
mod run;
mod show;
mod state;
mod status;
pub(crate) mod table;
pub(crate) mod time_text;
mod user_data;
mod volumes;

pub(crate) use show::Shown;

#[cfg(test)]
mod tests;
