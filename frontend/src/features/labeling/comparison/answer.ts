/** What a labeler says of K responses, and facts about it. All pure. */
export type ResponseId = number;

export type Judgment = {
  quality: number | null;
  rank: number | null;
  answers: Record<string, boolean>;
  notes: string;
};

/** Everything that undo brings back and that is submitted. Nothing in it has a value that nobody chose. */
export type Answer = { judgments: Record<ResponseId, Judgment>; notes: string };

export const MIN_QUALITY = 1;
export const MAX_QUALITY = 7;

const UNTOUCHED: Judgment = { quality: null, rank: null, answers: {}, notes: "" };

export function emptyAnswer(order: ResponseId[]): Answer {
  return { judgments: Object.fromEntries(order.map((id) => [id, UNTOUCHED])), notes: "" };
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

export function unrated(answer: Answer, order: ResponseId[]): ResponseId[] {
  return order.filter((id) => judgmentOf(answer, id).quality === null);
}

/** Only what was rated and ranked response by response may be submitted. */
export function isComplete(answer: Answer, order: ResponseId[]): boolean {
  return !unranked(answer, order).length && !unrated(answer, order).length;
}

/** "B > A = D > C" */
export function readBack(answer: Answer, order: ResponseId[], letters: Record<ResponseId, string>): string {
  return bands(answer, order)
    .map((band) => band.map((id) => letters[id]).join(" = "))
    .join(" > ");
}

export type Contradiction = { better: ResponseId; worse: ResponseId };

/** Pairs ranked one way and rated the other: rarely meant, so the screen points at them. */
export function contradictions(answer: Answer, order: ResponseId[]): Contradiction[] {
  return order.flatMap((better) =>
    order
      .filter((worse) => {
        const [a, b] = [judgmentOf(answer, better), judgmentOf(answer, worse)];
        if (a.quality === null || b.quality === null || a.rank === null || b.rank === null) return false;
        return a.rank < b.rank && a.quality < b.quality;
      })
      .map((worse) => ({ better, worse })),
  );
}

export type SubmittedJudgment = {
  response_id: ResponseId;
  rank: number;
  quality: number;
  answers: Record<string, boolean>;
  notes: string;
};

/** The body to submit; throws on an incomplete answer, which the screen never lets through. */
export function submittedJudgments(answer: Answer, order: ResponseId[]): SubmittedJudgment[] {
  return order.map((id) => {
    const { quality, rank, answers, notes } = judgmentOf(answer, id);
    if (quality === null || rank === null) throw new Error(`Response ${id} is not judged.`);
    return { response_id: id, rank, quality, answers, notes };
  });
}

/** An earlier submission, to go on from. */
export function answerOf(judgments: SubmittedJudgment[], notes: string): Answer {
  return {
    judgments: Object.fromEntries(judgments.map(({ response_id, ...judgment }) => [response_id, judgment])),
    notes,
  };
}

/** Reads a stored draft; what does not fit this task is dropped, because drafts outlive versions of this screen. */
export function readAnswer(stored: unknown, order: ResponseId[], questionKeys: string[]): Answer | null {
  if (!isRecord(stored) || !isRecord(stored.judgments)) return null;
  const judgments = stored.judgments;
  return {
    judgments: Object.fromEntries(
      order.map((id) => [id, readJudgment(judgments[id], order.length, questionKeys)]),
    ),
    notes: typeof stored.notes === "string" ? stored.notes : "",
  };
}

function readJudgment(stored: unknown, count: number, questionKeys: string[]): Judgment {
  if (!isRecord(stored)) return UNTOUCHED;
  const answers = isRecord(stored.answers) ? stored.answers : {};
  const known = Object.entries(answers).filter(
    ([key, value]) => questionKeys.includes(key) && isBoolean(value),
  );
  return {
    quality: whole(stored.quality, MIN_QUALITY, MAX_QUALITY),
    rank: whole(stored.rank, 1, count),
    answers: Object.fromEntries(known) as Record<string, boolean>,
    notes: typeof stored.notes === "string" ? stored.notes : "",
  };
}

function whole(value: unknown, least: number, most: number): number | null {
  return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most
    ? value
    : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}
