/** The codes that reach a Catch node as `msg.error.code`. */
export type AuthErrorCode =
  | 'AUTH_CONFIG'
  | 'AUTH_NETWORK'
  | 'AUTH_TLS'
  | 'AUTH_PROXY'
  | 'AUTH_TIMEOUT'
  | 'AUTH_UNAVAILABLE'
  | 'AUTH_BAD_RESPONSE'
  | 'AUTH_STORE';

/**
 * All faults. Each has its code and a sentence in English: what failed, at which host, and what to do next.
 * The error's `values` replace each `{name}`. They are host names, property names and numbers, never a secret.
 */
export const FAULTS = {
  'property-missing': ['AUTH_CONFIG', 'The property "{property}" is not set. Open the node and enter a value.'],
  'variable-missing': [
    'AUTH_CONFIG',
    'The property "{property}" uses the environment variable {variable}, which has no value. Set it and restart Node-RED.',
  ],
  'variable-inside': [
    'AUTH_CONFIG',
    'The property "{property}" contains the variable {variable} inside other text, but a variable has to be the whole value. Put the whole value into the variable.',
  ],
  'secret-file-unreadable': [
    'AUTH_CONFIG',
    'The value of {variable} is in a file, but the file that {file} names cannot be read ({cause}). Check that the file exists and that Node-RED has permission to read it.',
  ],
  'secret-hook-failed': [
    'AUTH_UNAVAILABLE',
    'The function vgAuthSecret in settings.js did not return a value for {variable} ({cause}). Check that the vault it uses can be reached.',
  ],
  'credentials-missing': [
    'AUTH_CONFIG',
    'No credentials are stored for the config node, so "{property}" is missing. The credentialSecret setting may have changed. Open the config node and enter the credentials again.',
  ],
  'config-node-missing': [
    'AUTH_CONFIG',
    'The config node in "{property}" is missing or disabled. Select a config node.',
  ],
  'config-node-wrong': [
    'AUTH_CONFIG',
    'The config node in "{property}" has the wrong type. Select a config node of the right type.',
  ],
  'config-node-elsewhere': [
    'AUTH_CONFIG',
    'The config node in "{property}" belongs to another flow or subflow. Select a global config node, or one in this flow.',
  ],
  'config-name-unknown': [
    'AUTH_CONFIG',
    'The value of "{property}" is not the name of a config node that messages can select. Check the message, and that the config node allows selection by name.',
  ],
  'config-name-ambiguous': [
    'AUTH_CONFIG',
    'The value of "{property}" is the name of several config nodes that messages can select. Give each config node a unique name.',
  ],
  'config-value-unknown': ['AUTH_CONFIG', 'The property "{property}" has an unknown value. Select a valid value.'],
  'secret-again': [
    'AUTH_CONFIG',
    'The secret in "{property}" was entered for a different address, client or user. Open the node and enter the secret again for {host}, or restore the previous values.',
  ],
  'address-invalid': [
    'AUTH_CONFIG',
    'The property "{property}" is not a valid web address. It must begin with https://.',
  ],
  'address-user': [
    'AUTH_CONFIG',
    'The address in "{property}" contains a username or a password. Remove them from the address.',
  ],
  'address-insecure': [
    'AUTH_CONFIG',
    'The property "{property}" is an http address and its host {host} is not this machine, so a secret would be sent unencrypted. Use https, or allow http in the config node.',
  ],
  'proxy-invalid': ['AUTH_CONFIG', 'The proxy address in "{property}" is not valid. Correct it.'],
  'proxy-socks': [
    'AUTH_CONFIG',
    'The proxy in "{property}" is a SOCKS proxy, which is not supported. Use an HTTP proxy.',
  ],
  'tls-invalid': ['AUTH_CONFIG', 'The TLS configuration in "{property}" is not valid. Check its certificate and key.'],
  'store-address-invalid': [
    'AUTH_CONFIG',
    'The property "{property}" is not a valid Redis address. It must begin with redis:// or rediss://.',
  ],
  'store-password-encoding': [
    'AUTH_CONFIG',
    'The username or the password in "{property}" is not percent-encoded. Write %2F for /, %23 for #, %3F for ?, %25 for % and %40 for @.',
  ],
  'store-schemes-mixed': [
    'AUTH_CONFIG',
    'The addresses in "{property}" use different schemes. Begin all of them with redis://, or all with rediss://.',
  ],
  'store-addresses-several': [
    'AUTH_CONFIG',
    'The property "{property}" contains several addresses. Select the topology Sentinel or cluster, or enter one address.',
  ],
  'store-database-in-cluster': [
    'AUTH_CONFIG',
    'A Redis cluster supports database 0 only. Remove the database number from "{property}".',
  ],
  'store-prefix-braces': [
    'AUTH_CONFIG',
    'In a Redis cluster, "{property}" must not contain empty braces. Enter a different prefix.',
  ],
  'store-tls-unused': [
    'AUTH_CONFIG',
    'A TLS configuration is selected, but the address in "{property}" begins with redis://, so the TLS configuration would be ignored. Use rediss://, or remove the TLS configuration.',
  ],
  'store-password-written': [
    'AUTH_CONFIG',
    'The address in "{property}" contains a password, which would be saved in the flow file. Enter the username and the password in their own fields.',
  ],
  'context-store-unknown': [
    'AUTH_CONFIG',
    'The context store "{name}" does not exist in settings.js (contextStorage). Select an existing context store.',
  ],
  'value-too-long': [
    'AUTH_CONFIG',
    'The value in "{property}" is longer than {longest} characters. Check the message.',
  ],
  'code-missing': [
    'AUTH_CONFIG',
    'No code was found in "{property}". The code must be a string or a number. Check the message.',
  ],
  'property-unusable': [
    'AUTH_CONFIG',
    'The token cannot be set in "{property}", because part of that path is not an object. Select a different property.',
  ],
  'user-missing': [
    'AUTH_CONFIG',
    'No username was found in "{property}". Check the message, or enter a stored user in the server node.',
  ],
  'password-missing': [
    'AUTH_CONFIG',
    'No password was found in "{property}". Check the message, or enter the password of the stored user in the server node.',
  ],
  'token-still-rejected': [
    'AUTH_CONFIG',
    'The API still rejects the token after a new sign-in. Check what this user or account is allowed to do there.',
  ],
  'hosts-invalid': [
    'AUTH_CONFIG',
    'The property "{property}" contains an entry that is not a host name. Enter names such as api.example.com or *.example.com.',
  ],
  'number-invalid': ['AUTH_CONFIG', 'The property "{property}" must be a whole number, at least {least}.'],
  'statuses-invalid': [
    'AUTH_CONFIG',
    'The property "{property}" contains an entry that is not a status code from 400 to 499. Enter numbers such as 401 403.',
  ],
  'host-not-allowed': [
    'AUTH_CONFIG',
    'The host {host} in msg.url is not listed in "{property}". Add it there if this host is allowed to get the token.',
  ],
  'url-unusable': [
    'AUTH_CONFIG',
    'msg.url cannot be compared with "{property}". It must be an http or https address without a username.',
  ],

  'host-unknown': ['AUTH_NETWORK', 'The host {host} was not found. Check the address and the DNS server.'],
  'connection-refused': [
    'AUTH_NETWORK',
    '{host} refused the connection. Check the port and that the server is running.',
  ],
  'connection-cut': ['AUTH_NETWORK', '{host} closed the connection before it responded. Try again.'],
  'network-failed': ['AUTH_NETWORK', '{host} could not be reached ({cause}). Check the network.'],

  'certificate-unknown': [
    'AUTH_TLS',
    'The certificate of {host} is self-signed, or its certificate authority is not trusted ({cause}). Add the certificate authority in a TLS configuration.',
  ],
  'certificate-expired': [
    'AUTH_TLS',
    'The certificate of {host} has expired or is not yet valid ({cause}). Renew it on the server.',
  ],
  'certificate-name': ['AUTH_TLS', 'The certificate of {host} was issued for a different name. Check the address.'],
  'certificate-wanted': ['AUTH_TLS', '{host} requires a client certificate. Select one in a TLS configuration.'],
  'tls-failed': ['AUTH_TLS', 'The TLS connection to {host} failed ({cause}). Check the TLS configuration.'],

  'proxy-unreachable': ['AUTH_PROXY', 'The proxy for {host} could not be reached ({cause}). Check the proxy address.'],
  'proxy-refused': ['AUTH_PROXY', 'The proxy refused the connection to {host} (status {status}). Check the proxy.'],
  'proxy-login': [
    'AUTH_PROXY',
    'The proxy requires authentication to reach {host} (status 407). Check the username and the password of the proxy.',
  ],

  'no-connection': [
    'AUTH_TIMEOUT',
    'Could not connect to {host} within {seconds} s. Check the address and the network.',
  ],
  'no-answer': ['AUTH_TIMEOUT', '{host} did not respond within {seconds} s. Check that the server is running.'],
  'wait-over': [
    'AUTH_TIMEOUT',
    'No token was received from {host} within {seconds} s. Check that the server is running.',
  ],

  'connection-closed': [
    'AUTH_UNAVAILABLE',
    'The config node for {host} was changed or removed while the message was waiting for a token. Send the message again.',
  ],
  unavailable: ['AUTH_UNAVAILABLE', '{host} is unavailable (status {status}). Try again later.'],
  'retry-later': ['AUTH_UNAVAILABLE', '{host} is unavailable (status {status}). Try again after {seconds} s.'],

  'unavailable-in-front': [
    'AUTH_UNAVAILABLE',
    'A system in front of {host}, such as a firewall or a proxy, is blocking requests at the moment (status {status}, {contentType}). Try again later.',
  ],

  'reply-senseless': [
    'AUTH_BAD_RESPONSE',
    '{host} responded with status {status} and {contentType}, which is not a token response. Check the address.',
  ],
  'reply-words': [
    'AUTH_BAD_RESPONSE',
    '{host} responded with status {status} and {contentType}, which is not a token response. The server reports "{words}". Check the address.',
  ],
  'reply-redirect': [
    'AUTH_BAD_RESPONSE',
    '{host} responded with a redirect (status {status}, {contentType}). Redirects are not followed. Check the address.',
  ],
  'reply-too-large': [
    'AUTH_BAD_RESPONSE',
    'The response of {host} is larger than 1 MiB (status {status}, {contentType}). Check the address.',
  ],
  'reply-in-front': [
    'AUTH_BAD_RESPONSE',
    'A system in front of {host}, such as a firewall or a proxy, responded instead of the server (status {status}, {contentType}). Check why it blocks the request.',
  ],
  'reply-malformed': [
    'AUTH_BAD_RESPONSE',
    'The response of {host} is not valid HTTP, or its headers are malformed or too large ({cause}). Check the address, and any system between Node-RED and the server.',
  ],
  'reply-unreadable': [
    'AUTH_BAD_RESPONSE',
    'The body of the response of {host} does not match its headers ({cause}; status {status}, {contentType}). Check the server, and any system in front of it.',
  ],
  'reply-cut': [
    'AUTH_BAD_RESPONSE',
    'The response of {host} is incomplete (status {status}, {contentType}). Try again.',
  ],
  'token-unusable': [
    'AUTH_BAD_RESPONSE',
    'The token in the response of {host} is not a valid bearer token (status {status}, {contentType}). Check the address.',
  ],
  'store-gone': ['AUTH_STORE', 'The session store {host} is unavailable. {cause}.'],
  unexpected: ['AUTH_BAD_RESPONSE', 'An unexpected error occurred ({cause}). Please report it.'],
} as const satisfies Record<string, readonly [AuthErrorCode, string]>;

/** The name of a fault, which is the key of its translations. */
export type Fault = keyof typeof FAULTS;

/** The values of a sentence: host names, property names, numbers; never a secret. */
export type FaultValues = Readonly<Record<string, string | number>>;
