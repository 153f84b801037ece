//! Writes the types of `iam` from the facts in `models/iam.json`.
fn main() -> Result<(), aws_model_codegen::FactsError> {
    aws_model_codegen::generate_from_build_script("iam")
}
