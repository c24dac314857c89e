/** What a labeler says of K responses, and facts about it. All pure. */
import {
  type Answers,
  type Form,
  isAnswerTo,
  openOfPrompt,
  openOfResponse,
  PLAIN_FORM,
} from "@/features/labeling/comparison/form";

export type ResponseId = number;

export type Judgment = {
  quality: number | null;
  rank: number | null;
  answers: Answers;
  notes: string;
};

/** Everything that undo brings back and that is submitted. Nothing in it has a value that nobody chose. */
export type Answer = {
  judgments: Record<ResponseId, Judgment>;
  /** Of questions about the prompt. */
  answers: Answers;
  notes: string;
};

export const MIN_QUALITY = 1;
export const MAX_QUALITY = 7;

const UNTOUCHED: Judgment = { quality: null, rank: null, answers: {}, notes: "" };

export function emptyAnswer(order: ResponseId[]): Answer {
  return { judgments: Object.fromEntries(order.map((id) => [id, UNTOUCHED])), answers: {}, notes: "" };
}

export function judgmentOf(answer: Answer, id: ResponseId): Judgment {
  return answer.judgments[id] ?? UNTOUCHED;
}

/** The responses by band, best first; bands may be empty on the screen and are left out here. */
export function bands(answer: Answer, order: ResponseId[]): ResponseId[][] {
  const ranks = [...new Set(order.map((id) => judgmentOf(answer, id).rank))].filter((rank) => rank !== null);
  return ranks
    .sort((a, b) => a - b)
    .map((rank) => order.filter((id) => judgmentOf(answer, id).rank === rank));
}

export function unranked(answer: Answer, order: ResponseId[]): ResponseId[] {
  return order.filter((id) => judgmentOf(answer, id).rank === null);
}

export function unrated(answer: Answer, order: ResponseId[], form: Form = PLAIN_FORM): ResponseId[] {
  return order.filter((id) => {
    const { quality, answers } = judgmentOf(answer, id);
    return (form.asksQuality && quality === null) || openOfResponse(answers, form).length > 0;
  });
}

/** Only what was rated and ranked response by response may be submitted. */
export function isComplete(answer: Answer, order: ResponseId[], form: Form = PLAIN_FORM): boolean {
  const isRated = !unrated(answer, order, form).length && !openOfPrompt(answer.answers, form).length;
  return isRated && !unranked(answer, order).length;
}

/** "B > A = D > C" */
export function readBack(answer: Answer, order: ResponseId[], letters: Record<ResponseId, string>): string {
  return bands(answer, order)
    .map((band) => band.map((id) => letters[id]).join(" = "))
    .join(" > ");
}

export type Contradiction = { better: ResponseId; worse: ResponseId };

/** Pairs ranked one way and rated the other, the widest apart first: rarely meant, so the screen points at them. */
export function contradictions(answer: Answer, order: ResponseId[]): Contradiction[] {
  const gap = ({ better, worse }: Contradiction) =>
    (judgmentOf(answer, worse).quality ?? 0) - (judgmentOf(answer, better).quality ?? 0);
  return order
    .flatMap((better) => order.map((worse) => ({ better, worse })))
    .filter(({ better, worse }) => {
      const [a, b] = [judgmentOf(answer, better), judgmentOf(answer, worse)];
      if (a.quality === null || b.quality === null || a.rank === null || b.rank === null) return false;
      return a.rank < b.rank && a.quality < b.quality;
    })
    .sort((one, other) => gap(other) - gap(one));
}

export type SubmittedJudgment = {
  response_id: ResponseId;
  rank: number;
  quality: number | null;
  answers: Answers;
  notes: string;
};

/** The body to submit; throws on an incomplete answer, which the screen never lets through. */
export function submittedJudgments(
  answer: Answer,
  order: ResponseId[],
  form: Form = PLAIN_FORM,
): SubmittedJudgment[] {
  const open = unrated(answer, order, form);
  // Gaps between bands mean nothing: what is submitted has none.
  const places = bands(answer, order);
  return order.map((id) => {
    const { quality, answers, notes } = judgmentOf(answer, id);
    const rank = places.findIndex((band) => band.includes(id)) + 1;
    if (open.includes(id) || !rank) throw new Error(`Response ${id} is not judged.`);
    return { response_id: id, rank, quality, answers, notes };
  });
}

/** An earlier submission, to go on from. */
export function answerOf(judgments: SubmittedJudgment[], notes: string, answers: Answers = {}): Answer {
  return {
    judgments: Object.fromEntries(judgments.map(({ response_id, ...judgment }) => [response_id, judgment])),
    answers,
    notes,
  };
}

/** Reads a stored draft; what does not fit this task is dropped, because drafts outlive versions of this screen. */
export function readAnswer(
  stored: unknown,
  order: ResponseId[],
  questionKeys: string[],
  form: Form = PLAIN_FORM,
): Answer | null {
  if (!isRecord(stored) || !isRecord(stored.judgments)) return null;
  const judgments = stored.judgments;
  return {
    judgments: Object.fromEntries(
      order.map((id) => [id, readJudgment(judgments[id], order.length, questionKeys, form)]),
    ),
    answers: readAnswers(stored.answers, form.ofPrompt, form),
    notes: typeof stored.notes === "string" ? stored.notes : "",
  };
}

function readJudgment(stored: unknown, count: number, questionKeys: string[], form: Form): Judgment {
  if (!isRecord(stored)) return UNTOUCHED;
  const ofResponse = questionKeys.filter((key) => !form.ofPrompt.includes(key));
  return {
    quality: whole(stored.quality, MIN_QUALITY, MAX_QUALITY),
    rank: whole(stored.rank, 1, count),
    answers: readAnswers(stored.answers, ofResponse, form),
    notes: typeof stored.notes === "string" ? stored.notes : "",
  };
}

function readAnswers(stored: unknown, keys: string[], form: Form): Answers {
  const found = isRecord(stored) ? Object.entries(stored) : [];
  const known = found.filter(([key, value]) => keys.includes(key) && isAnswerTo(form, key, value));
  return Object.fromEntries(known) as Answers;
}

function whole(value: unknown, least: number, most: number): number | null {
  return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most
    ? value
    : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
