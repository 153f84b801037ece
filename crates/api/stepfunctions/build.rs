//! Writes the types of `stepfunctions` from the facts in `models/stepfunctions.json`.
fn main() -> Result<(), aws_model_codegen::FactsError> {
    aws_model_codegen::generate_from_build_script("stepfunctions")
}
