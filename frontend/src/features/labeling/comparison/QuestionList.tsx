import { ActionIcon, Popover, Text, UnstyledButton } from "@mantine/core";
import { IconQuestionMark } from "@tabler/icons-react";
import classes from "@/features/labeling/comparison/Comparison.module.css";
import type { Question } from "@/features/labeling/task/types";

type QuestionListProps = {
  questions: Question[];
  answers: Record<string, boolean>;
  /** The question that Y and N answer. */
  marked: number;
  onAnswer: (key: string, value: boolean | null) => void;
};

export function QuestionList({ questions, answers, marked, onAnswer }: QuestionListProps) {
  return (
    <ul className={classes.questions}>
      {questions.map((question, index) => (
        <li key={question.key} className={classes.question} data-marked={index === marked || undefined}>
          <span id={`question-${question.key}`} className={classes.questionLabel}>
            {question.label}
          </span>
          <Help question={question} />
          {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot take its name from the text beside it */}
          <div role="group" aria-labelledby={`question-${question.key}`} className={classes.choices}>
            <Choice
              label="Yes"
              chosen={true}
              answer={answers[question.key]}
              onChoose={onAnswer}
              of={question.key}
            />
            <Choice
              label="No"
              chosen={false}
              answer={answers[question.key]}
              onChoose={onAnswer}
              of={question.key}
            />
          </div>
        </li>
      ))}
    </ul>
  );
}

type ChoiceProps = {
  label: string;
  chosen: boolean;
  answer: boolean | undefined;
  of: string;
  onChoose: (key: string, value: boolean | null) => void;
};

/** Pressed again it takes the answer back: no answer is an answer of its own. */
function Choice({ label, chosen, answer, of, onChoose }: ChoiceProps) {
  const isPressed = answer === chosen;
  return (
    <UnstyledButton
      className={classes.choice}
      aria-pressed={isPressed}
      onClick={() => onChoose(of, isPressed ? null : chosen)}
    >
      {label}
    </UnstyledButton>
  );
}

function Help({ question }: { question: Question }) {
  if (!question.help) return null;
  return (
    <Popover width={300} withArrow position="left">
      <Popover.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="sm"
          radius="xl"
          aria-label={`What is meant: ${question.label}`}
        >
          <IconQuestionMark size={14} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown>
        <Text size="sm">{question.help}</Text>
      </Popover.Dropdown>
    </Popover>
  );
}
