"""Files of prompts, read line by line in bounded memory: each line is a prompt, or an error that says what is wrong."""
