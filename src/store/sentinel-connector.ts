import type { RedisOptions, SentinelConnectionOptions } from 'ioredis';

/** A client of a Sentinel, as ioredis makes it. */
interface SentinelClient {
  on(event: 'error', listener: (error: Error) => void): unknown;
  subscribe(...channels: unknown[]): Promise<unknown>;
}

/** Emits an event of the client to which a connector belongs. */
type ErrorEmitter = (event: string, error: Error) => void;

/** The part of the connector that ioredis does not publish. A test with a real Sentinel fails if it disappears. */
interface Connecting {
  connectToSentinel(...args: unknown[]): SentinelClient;
}

/**
 * Loads the Sentinel connector of ioredis. It handles errors that ioredis does not: that of a Sentinel that reports fail-overs, which
 * ioredis would print; that of a subscription to it that is made again, which would end Node-RED; and that of the network, which ioredis
 * drops while it looks for the primary.
 */
export async function loadSentinelConnector(): Promise<NonNullable<RedisOptions['Connector']>> {
  const { SentinelConnector } = await import('ioredis');
  return class extends SentinelConnector {
    #tell: ErrorEmitter | undefined;

    constructor(options: unknown) {
      super(options as SentinelConnectionOptions);
      const connecting = this as unknown as Connecting;
      const connect = connecting.connectToSentinel;
      connecting.connectToSentinel = (...args) => {
        const client = connect.apply(this, args);
        // Without options it is asked for the primary; with them it reports fail-overs.
        const isQuestion = args[1] === undefined;
        client.on('error', (error) => {
          if (isQuestion && 'code' in error) this.#tell?.('sentinelError', error);
        });
        const subscribe = client.subscribe.bind(client);
        client.subscribe = (...channels) => {
          const answer = subscribe(...channels);
          answer.catch(() => undefined);
          return answer;
        };
        return client;
      };
    }

    override connect(tell: ErrorEmitter): ReturnType<InstanceType<typeof SentinelConnector>['connect']> {
      this.#tell = tell;
      return super.connect(tell);
    }
  };
}
