//! Map states, inline and distributed.

use crate::lint::field::{Type, may, must, one_of, only_one_of};
use crate::lint::role::Role;
use crate::lint::table::Table;

pub(super) static MAP: Table = Table::of(&[
    may("End", Type::Boolean).both(),
    may("Parameters", Type::Any).data().jsonpath().both(),
    may("ResultPath", Type::ReferencePath).nullable().jsonpath().both(),
    may("ResultSelector", Type::Any).data().jsonpath().both(),
    may("Retry", Type::Object).list().each(Role::Retrier).both(),
    may("Catch", Type::Object).list().each(Role::Catcher).both(),
    may("Iterator", Type::Object).is(Role::ItemProcessor).both(),
    may("ItemProcessor", Type::Object).is(Role::ItemProcessor).both(),
    only_one_of(&["Iterator", "ItemProcessor"]),
    may("ItemsPath", Type::Any).jsonpath().both(),
    may("ItemSelector", Type::Object).data().or_expression().both(),
    only_one_of(&["ItemSelector", "Parameters"]),
    may("MaxConcurrency", Type::Numeric).statelint(),
    may("MaxConcurrency", Type::Integer).nonnegative().or_expression().today(),
    one_of(&["ItemProcessor", "Iterator"]).only_today(),
    may("MaxConcurrencyPath", Type::ReferencePath).jsonpath().today(),
    only_one_of(&["MaxConcurrency", "MaxConcurrencyPath"]).only_today(),
    may("Items", Type::Array).data().jsonata().today(),
    may("ItemReader", Type::Object).is(Role::ItemReader).today(),
    may("ItemBatcher", Type::Object).is(Role::ItemBatcher).today(),
    may("ResultWriter", Type::Object).is(Role::ResultWriter).today(),
    may("ToleratedFailureCount", Type::Integer).nonnegative().or_expression().today(),
    may("ToleratedFailureCountPath", Type::ReferencePath).jsonpath().today(),
    only_one_of(&["ToleratedFailureCount", "ToleratedFailureCountPath"]).only_today(),
    may("ToleratedFailurePercentage", Type::Numeric)
        .nonnegative()
        .at_most(100)
        .with_fraction()
        .or_expression()
        .today(),
    may("ToleratedFailurePercentagePath", Type::ReferencePath).jsonpath().today(),
    only_one_of(&["ToleratedFailurePercentage", "ToleratedFailurePercentagePath"]).only_today(),
    may("Label", Type::String).today(),
    may("Output", Type::Any).data().jsonata().today(),
    may("Assign", Type::Object).data().or_expression().today(),
]);

pub(super) static ITEM_PROCESSOR: Table = Table::of(&[
    may("ProcessorConfig", Type::Object).is(Role::ProcessorConfig).both(),
    may("Comment", Type::String).both(),
    must("StartAt", Type::String).both(),
    must("States", Type::Object).each(Role::State).both(),
]);

pub(super) static PROCESSOR_CONFIG: Table = Table::of(&[
    may("Mode", Type::String).either(&["INLINE", "DISTRIBUTED"]).today(),
    may("ExecutionType", Type::String).either(&["STANDARD", "EXPRESS"]).today(),
]);

pub(super) static ITEM_READER: Table = Table::of(&[
    must("Resource", Type::Uri).today(),
    may("Parameters", Type::Any).data().jsonpath().today(),
    may("Arguments", Type::Any).data().jsonata().today(),
    may("ReaderConfig", Type::Object).is(Role::ReaderConfig).today(),
]);

pub(super) static READER_CONFIG: Table = Table::of(&[
    may("InputType", Type::String).either(&["CSV", "JSON", "JSONL", "MANIFEST", "PARQUET"]).today(),
    may("ManifestType", Type::String).either(&["ATHENA_DATA", "S3_INVENTORY"]).today(),
    may("Transformation", Type::String).either(&["NONE", "LOAD_AND_FLATTEN"]).today(),
    may("ItemsPointer", Type::String).today(),
    may("CSVDelimiter", Type::String).either(&["COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"]).today(),
    may("CSVHeaderLocation", Type::String).either(&["FIRST_ROW", "GIVEN"]).today(),
    may("CSVHeaders", Type::String).list().today(),
    may("MaxItems", Type::Integer).nonnegative().at_most(100_000_000).or_expression().today(),
    may("MaxItemsPath", Type::ReferencePath).jsonpath().today(),
    only_one_of(&["MaxItems", "MaxItemsPath"]).only_today(),
]);

pub(super) static RESULT_WRITER: Table = Table::of(&[
    may("Resource", Type::Uri).today(),
    may("Parameters", Type::Any).data().jsonpath().today(),
    may("Arguments", Type::Any).data().jsonata().today(),
    may("WriterConfig", Type::Object).is(Role::WriterConfig).today(),
    one_of(&["Resource", "WriterConfig"]).only_today(),
]);

pub(super) static WRITER_CONFIG: Table = Table::of(&[
    may("Transformation", Type::String).either(&["NONE", "COMPACT", "FLATTEN"]).today(),
    may("OutputType", Type::String).either(&["JSON", "JSONL"]).today(),
]);

pub(super) static ITEM_BATCHER: Table = Table::of(&[
    may("MaxItemsPerBatch", Type::Integer).nonnegative().or_expression().today(),
    may("MaxItemsPerBatchPath", Type::ReferencePath).jsonpath().today(),
    only_one_of(&["MaxItemsPerBatch", "MaxItemsPerBatchPath"]).only_today(),
    may("MaxInputBytesPerBatch", Type::Integer).nonnegative().or_expression().today(),
    may("MaxInputBytesPerBatchPath", Type::ReferencePath).jsonpath().today(),
    only_one_of(&["MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath"]).only_today(),
    may("BatchInput", Type::Any).data().or_expression().today(),
]);
