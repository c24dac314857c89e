import { wordDiff } from "@/features/labeling/comparison/reading/wordDiff";

/** One pair of texts at a time; who asks keeps the queue, so that what nobody waits for any more is never computed. */
self.onmessage = ({ data }: MessageEvent<{ basis: string; text: string }>) => {
  self.postMessage(wordDiff(data.basis, data.text));
};
