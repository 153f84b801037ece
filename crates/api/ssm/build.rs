//! Writes the types of `ssm` from the facts in `models/ssm.json`.
fn main() -> Result<(), aws_model_codegen::FactsError> {
    aws_model_codegen::generate_from_build_script("ssm")
}
