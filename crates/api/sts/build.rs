//! Writes the types of `sts` from the facts in `models/sts.json`.
fn main() -> Result<(), aws_model_codegen::FactsError> {
    aws_model_codegen::generate_from_build_script("sts")
}
