//! Writes the types of `allod` from the facts in `models/allod.json`.
fn main() -> Result<(), aws_model_codegen::FactsError> {
    aws_model_codegen::generate_from_build_script("allod")
}
