/** The key of an answer: it belongs to the content, so that a retry is the same submission however often it is sent. */
import { newUuid } from "@/api/uuid";

export class IdempotencyKeys {
  private content = "";
  private key = "";

  keyFor(content: unknown): string {
    const text = JSON.stringify(content);
    if (text !== this.content) {
      this.content = text;
      this.key = newUuid();
    }
    return this.key;
  }
}
