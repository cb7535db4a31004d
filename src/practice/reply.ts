/** A reply of the practice server. */
export interface PracticeReply {
  status: number;
  headers?: Record<string, string>;
  /** Sent as JSON; a string as it is. */
  body: object | string;
}

/** A refusal as of RFC 6749 5.2. */
export function refuse(status: number, error: string, description?: string): PracticeReply {
  return { status, body: { error, ...(description ? { error_description: description } : {}) } };
}
