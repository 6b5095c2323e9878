import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Listening {
  url: string;
  /** Ends open connections too. */
  close: () => Promise<void>;
}

/**
 * Listens on 127.0.0.1 only.
 * @param port 0: a free one
 * @param variable what to set when the port is in use
 */
export async function listen(server: Server, port: number, variable: string): Promise<Listening> {
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve).once('error', (error: NodeJS.ErrnoException) => {
      const inUse = error.code === 'EADDRINUSE';
      reject(
        inUse ? new Error(`Port ${port} is in use: stop what listens there, or set ${variable} to another.`) : error,
      );
    });
    server.listen(port, '127.0.0.1');
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
