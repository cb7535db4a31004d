import { WebSocket } from 'undici';

/** A person in the chat of example 11. */
export class Chat {
  readonly #socket: WebSocket;
  /** All messages to this person. */
  readonly heard: string[] = [];
  #hear: (text: string) => void = () => {};

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      this.heard.push(String(data));
      this.#hear(String(data));
    });
  }

  static async open(url: string): Promise<Chat> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}chat-socket`);
    await new Promise((done) => socket.addEventListener('open', done, { once: true }));
    return new Chat(socket);
  }

  /** @returns the answer */
  say(text: string): Promise<string> {
    return new Promise((heard) => {
      this.#hear = heard;
      this.#socket.send(text);
    });
  }

  close(): void {
    this.#socket.close();
  }
}
