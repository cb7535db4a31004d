/** The password of every practice user, and the secret of every practice client. It protects nothing. */
export const PRACTICE_PASSWORD = 'practice';

/**
 * The origin of the practice server in a setting, whatever its port is. No other server can have this origin, because no server
 * listens on port 0 and the host needs no name server.
 */
export const PRACTICE_ORIGIN = 'http://127.0.0.1:0';

export const PRACTICE_VGS_URL = `${PRACTICE_ORIGIN}/auth/realms/vgs/protocol/openid-connect/token`;
export const PRACTICE_VG_URL = `${PRACTICE_ORIGIN}/connect/token`;
