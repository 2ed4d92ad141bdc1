#include "crypt/tls_priv.h"

struct word {
	int code;
	const char *text;
};

static const struct word words[] = {
	{ BR_ERR_OK, "no error" },
	{ BR_ERR_UNSUPPORTED_VERSION, "the peer does not speak TLS 1.2 (is it TLS at all?)" },
	{ BR_ERR_BAD_VERSION, "the peer changed its protocol version" },
	{ BR_ERR_BAD_LENGTH, "a record has a wrong length" },
	{ BR_ERR_TOO_LARGE, "a record is too large" },
	{ BR_ERR_BAD_MAC, "a record is damaged" },
	{ BR_ERR_NO_RANDOM, "there is no random seed" },
	{ BR_ERR_UNKNOWN_TYPE, "a record is of an unknown type" },
	{ BR_ERR_UNEXPECTED, "a message came out of order" },
	{ BR_ERR_BAD_CCS, "a ChangeCipherSpec message is damaged" },
	{ BR_ERR_BAD_ALERT, "an alert is damaged" },
	{ BR_ERR_BAD_HANDSHAKE, "a handshake message is damaged" },
	{ BR_ERR_OVERSIZED_ID, "the session id is too long" },
	{ BR_ERR_BAD_CIPHER_SUITE, "the server chose a cipher suite we do not use" },
	{ BR_ERR_BAD_COMPRESSION, "the server chose compression" },
	{ BR_ERR_BAD_FRAGLEN, "the fragment length is wrong" },
	{ BR_ERR_BAD_SECRENEG, "secure renegotiation data is wrong" },
	{ BR_ERR_EXTRA_EXTENSION, "the server sent an extension nobody asked for" },
	{ BR_ERR_BAD_SNI, "the server name extension is damaged" },
	{ BR_ERR_BAD_HELLO_DONE, "a ServerHelloDone message is damaged" },
	{ BR_ERR_LIMIT_EXCEEDED, "a key in the handshake is too large" },
	{ BR_ERR_BAD_FINISHED, "the handshake was tampered with" },
	{ BR_ERR_RESUME_MISMATCH, "a resumed session changed its parameters" },
	{ BR_ERR_INVALID_ALGORITHM, "the server chose an algorithm we do not use" },
	{ BR_ERR_BAD_SIGNATURE, "the server's handshake signature is wrong" },
	{ BR_ERR_WRONG_KEY_USAGE, "the certificate does not allow this use of its key" },
	{ BR_ERR_NO_CLIENT_AUTH, "no client certificate" },
	{ BR_ERR_X509_EMPTY_CHAIN, "the server sent no certificate" },
	{ BR_ERR_X509_BAD_SIGNATURE, "a certificate's signature is wrong" },
	{ BR_ERR_X509_TIME_UNKNOWN, "the time is not known" },
	{ BR_ERR_X509_EXPIRED, "certificate expired or not yet valid (or the clock is wrong)" },
	{ BR_ERR_X509_DN_MISMATCH, "the certificate chain is broken: an issuer does not match" },
	{ BR_ERR_X509_BAD_SERVER_NAME, "hostname does not match the certificate" },
	{ BR_ERR_X509_CRITICAL_EXTENSION, "the certificate has an unknown critical extension" },
	{ BR_ERR_X509_NOT_CA, "an issuer in the chain is not a certificate authority" },
	{ BR_ERR_X509_FORBIDDEN_KEY_USAGE, "an issuer's key may not sign certificates" },
	{ BR_ERR_X509_WEAK_PUBLIC_KEY, "a key in the chain is too weak (RSA below 2048 bits)" },
	{ BR_ERR_X509_WRONG_KEY_TYPE, "a certificate's signature does not fit its issuer's key" },
	{ BR_ERR_X509_UNSUPPORTED, "a certificate uses an algorithm we do not use" },
	{ BR_ERR_X509_LIMIT_EXCEEDED, "a certificate's key is too large" },
	{ BR_ERR_X509_NOT_TRUSTED, "unknown issuer: the chain ends at no trust anchor" },
	{ TLS_ERR_PIN, "the server's key is not the pinned one" },
	{ TLS_ERR_CHAIN, "the server's chain has more than 10 certificates, or 64 KB" },
};

/* Alerts (RFC 5246, section 7.2), as they read when the peer sent them and when we did. */
struct alert {
	int code;
	const char *theirs, *ours;
};

#define ALERT(code, text) { code, "the peer refused: " text, "refused: " text }

static const struct alert alerts[] = {
	ALERT(BR_ALERT_UNEXPECTED_MESSAGE, "unexpected message"),
	ALERT(BR_ALERT_BAD_RECORD_MAC, "bad record"),
	ALERT(BR_ALERT_RECORD_OVERFLOW, "record overflow"),
	ALERT(BR_ALERT_HANDSHAKE_FAILURE, "handshake failure: no cipher suite in common"),
	ALERT(BR_ALERT_BAD_CERTIFICATE, "bad certificate"),
	ALERT(BR_ALERT_UNSUPPORTED_CERTIFICATE, "unsupported certificate"),
	ALERT(BR_ALERT_CERTIFICATE_REVOKED, "certificate revoked"),
	ALERT(BR_ALERT_CERTIFICATE_EXPIRED, "certificate expired"),
	ALERT(BR_ALERT_CERTIFICATE_UNKNOWN, "certificate not accepted"),
	ALERT(BR_ALERT_ILLEGAL_PARAMETER, "illegal parameter"),
	ALERT(BR_ALERT_UNKNOWN_CA, "unknown issuer"),
	ALERT(BR_ALERT_ACCESS_DENIED, "access denied"),
	ALERT(BR_ALERT_DECODE_ERROR, "decode error"),
	ALERT(BR_ALERT_DECRYPT_ERROR, "decrypt error"),
	ALERT(BR_ALERT_PROTOCOL_VERSION, "protocol version: TLS 1.2 is not offered"),
	ALERT(BR_ALERT_INSUFFICIENT_SECURITY, "insufficient security"),
	ALERT(BR_ALERT_INTERNAL_ERROR, "internal error"),
	ALERT(BR_ALERT_USER_CANCELED, "canceled"),
	ALERT(BR_ALERT_NO_RENEGOTIATION, "no renegotiation"),
	ALERT(BR_ALERT_UNSUPPORTED_EXTENSION, "unsupported extension"),
	ALERT(112, "unrecognized name: the server does not know this host name"),
	ALERT(BR_ALERT_NO_APPLICATION_PROTOCOL, "no application protocol in common (ALPN)"),
};

#define X509_FIRST BR_ERR_X509_OK
#define X509_LAST BR_ERR_X509_NOT_TRUSTED

static const char *
alert_text(int code, bool ours)
{
	for (u32 i = 0; i < ARRAY_N(alerts); i++)
		if (alerts[i].code == code)
			return ours ? alerts[i].ours : alerts[i].theirs;
	return ours ? "refused" : "the peer refused";
}

const char *
tls_error_text(int error)
{
	if (error >= BR_ERR_SEND_FATAL_ALERT)
		return alert_text(error - BR_ERR_SEND_FATAL_ALERT, true);
	if (error >= BR_ERR_RECV_FATAL_ALERT)
		return alert_text(error - BR_ERR_RECV_FATAL_ALERT, false);
	for (u32 i = 0; i < ARRAY_N(words); i++)
		if (words[i].code == error)
			return words[i].text;
	if (error >= X509_FIRST && error <= X509_LAST)
		return "a certificate is damaged";
	return "TLS failed";
}
