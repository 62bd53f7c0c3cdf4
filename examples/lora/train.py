"""Fine-tune a chat model with LoRA, with TRL, on as many nodes and GPUs as there are."""

import argparse

import mlflow
from datasets import load_dataset
from peft import LoraConfig
from trl import SFTConfig, SFTTrainer


def main() -> None:
    """Train on the rows of two files and write the merged model."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--train", required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--epochs", type=float, default=1)
    parser.add_argument("--learning-rate", type=float, default=2e-5)
    given = parser.parse_args()

    rows = load_dataset("json", data_files={"train": given.train, "test": given.test})
    trainer = SFTTrainer(
        model="microsoft/Phi-4-mini-instruct",
        train_dataset=rows["train"],
        eval_dataset=rows["test"],
        peft_config=LoraConfig(r=16, lora_alpha=64, target_modules="all-linear"),
        args=SFTConfig(
            output_dir="checkpoints",
            num_train_epochs=given.epochs,
            learning_rate=given.learning_rate,
            per_device_train_batch_size=2,
            bf16=True,
            report_to="mlflow",
        ),
    )
    with mlflow.start_run():
        trainer.train()
    if trainer.is_world_process_zero():
        trainer.model.merge_and_unload().save_pretrained(given.out)
        trainer.processing_class.save_pretrained(given.out)


if __name__ == "__main__":
    main()
