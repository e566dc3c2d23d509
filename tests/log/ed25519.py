"""Ed25519 signatures (RFC 8032), only to check them: nothing here is secret, so nothing hides its time.

Strict: the shorter equation, one spelling of each point and number, and no points of small order.
"""

import hashlib

P = 2 ** 255 - 19
ORDER = 2 ** 252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def add(a, b):
    """Of points as (X, Y, Z, T) with x = X/Z, y = Y/Z, x*y = T/Z."""
    one = (a[1] - a[0]) * (b[1] - b[0]) % P
    two = (a[1] + a[0]) * (b[1] + b[0]) % P
    three = 2 * a[3] * b[3] * D % P
    four = 2 * a[2] * b[2] % P
    e, f, g, h = two - one, four - three, four + three, two + one
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number, point):
    result = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = add(result, point)
        point = add(point, point)
        number >>= 1
    return result


def same(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def point_in(data):
    """The point in 32 bytes; None where they spell none."""
    y = int.from_bytes(data, "little")
    odd, y = y >> 255, y & (2 ** 255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and odd):
        return None
    if x & 1 != odd:
        x = P - x
    return x, y, 1, x * y % P


BASE = point_in((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def verifies(key, message, signature):
    """Whether this 32-byte key signed the message so."""
    if len(key) != 32 or len(signature) != 64:
        return False
    signer, nonce = point_in(key), point_in(signature[:32])
    factor = int.from_bytes(signature[32:], "little")
    if signer is None or nonce is None or factor >= ORDER:
        return False
    if any(same(times(8, point), (0, 1, 1, 0)) for point in (signer, nonce)):
        return False
    digest = hashlib.sha512(signature[:32] + key + message).digest()
    challenge = int.from_bytes(digest, "little") % ORDER
    return same(times(factor, BASE), add(nonce, times(challenge, signer)))
