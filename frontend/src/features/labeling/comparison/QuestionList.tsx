import { UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Answers, AnswerValue } from "@/features/labeling/comparison/form";
import classes from "@/features/labeling/comparison/Questions.module.css";
import { ScaleControl } from "@/features/labeling/comparison/ScaleControl";
import type { Question } from "@/features/labeling/task/types";
import { HelpButton } from "@/ui/HelpButton";

type QuestionListProps = {
  questions: Question[];
  answers: Answers;
  /** The question that the keyboard answers. */
  marked: number;
  /** Tells this response's radio buttons from another's. */
  name: string;
  onAnswer: (key: string, value: AnswerValue | null) => void;
};

export function QuestionList({ questions, answers, marked, name, onAnswer }: QuestionListProps) {
  const { t } = useTranslation();
  return (
    <ul className={classes.questions}>
      {questions.map((question, index) => (
        <li
          key={question.key}
          className={classes.question}
          data-kind={question.kind}
          data-marked={index === marked || undefined}
        >
          <span id={`question-${question.key}`} className={classes.questionLabel}>
            {t(question.label)}
          </span>
          <Help question={question} />
          {question.kind === "scale" ? (
            <ScaleControl
              name={`${name}-${question.key}`}
              question={question}
              value={answers[question.key]}
              onChange={(value) => onAnswer(question.key, value)}
            />
          ) : (
            <YesOrNo
              question={question}
              value={answers[question.key]}
              onChange={(value) => onAnswer(question.key, value)}
            />
          )}
        </li>
      ))}
    </ul>
  );
}

type YesOrNoProps = {
  question: Question;
  value: AnswerValue | undefined;
  onChange: (value: boolean | null) => void;
};

function YesOrNo({ question, value, onChange }: YesOrNoProps) {
  const { t } = useTranslation();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot take its name from the text beside it
    <div role="group" aria-labelledby={`question-${question.key}`} className={classes.choices}>
      <Choice label={t("Yes")} isPressed={value === true} onChoose={(on) => onChange(on ? true : null)} />
      <Choice label={t("No")} isPressed={value === false} onChoose={(on) => onChange(on ? false : null)} />
    </div>
  );
}

type ChoiceProps = { label: string; isPressed: boolean; onChoose: (isOn: boolean) => void };

/** Pressed again it takes the answer back: no answer is an answer of its own. */
function Choice({ label, isPressed, onChoose }: ChoiceProps) {
  return (
    <UnstyledButton className={classes.choice} aria-pressed={isPressed} onClick={() => onChoose(!isPressed)}>
      {label}
    </UnstyledButton>
  );
}

function Help({ question }: { question: Question }) {
  const { t } = useTranslation();
  if (!question.help) return null;
  return (
    <HelpButton label={t("What is meant: {{question}}", { question: t(question.label) })}>
      {t(question.help)}
    </HelpButton>
  );
}
