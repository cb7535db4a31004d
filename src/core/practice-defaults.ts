/** The password of every practice user, and the secret of every practice client. It protects nothing. */
export const PRACTICE_PASSWORD = 'practice';

/**
 * The origin in an address that means the practice server, whatever port it listens on. Nothing else can have it: nobody
 * listens on port 0, and no name server is asked for the host.
 */
export const PRACTICE_ORIGIN = 'http://127.0.0.1:0';

export const PRACTICE_VGS_URL = `${PRACTICE_ORIGIN}/auth/realms/vgs/protocol/openid-connect/token`;
export const PRACTICE_VG_URL = `${PRACTICE_ORIGIN}/connect/token`;
