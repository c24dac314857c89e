"""The stages of InstructGPT: SFT, reward model, PPO. Imports inference and formats; never Django."""
