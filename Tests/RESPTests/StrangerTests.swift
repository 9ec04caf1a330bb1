import RESP
import Testing

/// Which lines another protocol sends, and which a person types.
@Suite struct StrangerTests {
    private func stranger(_ line: String) -> Stranger? { Stranger(line: Array(line.utf8).span.bytes) }

    @Test(arguments: [
        "POST / HTTP/1.1\r\n", "post / http/1.0\n", "GET /index.html HTTP/1.1\r\n", "GET / HTTP/0.9\r\n",
        "DELETE /a b HTTP/1.1 \t\r\n", "PRI * HTTP/2.0\r\n", "X \"Y HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1\r\n",
        "OPTIONS rtsp://127.0.0.1/ RTSP/1.0\r\n", "INVITE sip:a@b SIP/2.0\r\n", "GET / HTTP/1.1\rHost: a\rX: y\r\r\n",
        "a\rPOST /\r\n", "POST\r\n", "POST /\r\n", "pOsT x\r\n", "  POST x\r\n", "\u{FEFF}POST /\r\n",
        "Host: 127.0.0.1:7379\r\n",
        "HOST:\r\n", "host: a\n", "Content-Type: text/plain\r\n", "X-A_1: b\r\n", "GET /\r\n", "GET /?x=1\r\n",
        "GET http://127.0.0.1/\r\n", "PUT /x\r\n", "HEAD /\r\n", "DELETE /x\r\n", "OPTIONS *\r\n", "CONNECT a:443\r\n",
        "TRACE /\r\n", "PATCH /x\r\n", "PRI *\r\n",
    ])
    func httpIsKnown(_ line: String) { #expect(stranger(line) == .http) }

    @Test func tlsIsKnownByItsFirstBytes() {
        for bytes: [UInt8] in [[0x16, 0x03, 0x0A], [0x16, 0x03, 0x01, 0x02, 0x0A], [0x16, 0x03, 0x01, 0x02, 0x00]] {
            #expect(Stranger(line: bytes.span.bytes) == .tls)
            #expect(Stranger(beginningOfLine: bytes.span.bytes) == .tls)
        }
        #expect(Stranger(beginningOfLine: ([0x16] as [UInt8]).span.bytes) == nil)
    }

    @Test(arguments: [
        "\0PING\r\n", "PING\0\r\n", "PI\0NG\r\n", "ECHO \"a\0b\"\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
        "CLIENT libcurl 7.88.1\r\n",
    ])
    func otherProtocolsAreKnown(_ line: String) { #expect(stranger(line) == .other) }

    @Test(arguments: [
        "PING\r\n", "\r\n", "\n", "   \r\n", "", "GET k\r\n", "get /k\r\n", "GET HTTP\r\n", "GET HTTP/\r\n",
        "GET HTTP/x\r\n",
        "SET k \"HTTP/1.1 is text\"\r\n", "GET *\r\n", "SET /k v\r\n", "EXISTS /k\r\n", "CLIENT LIST\r\n",
        "CLIENT SETNAME x\r\n",
        "DEL revoked:jti:a\r\n", "MGET a: b:\r\n", ":1\r\n", ":\r\n", "+OK\r\n", "$4\r\n", "POSTS\r\n", "HOSTS:1\r\n",
        "delete x\r\n", "DELETE x\r\n", "FOO bar\r\n", "PING a\rb\r\n", "ECHO \"\\x00\"\r\n",
    ])
    func whatPeopleTypeIsNot(_ line: String) { #expect(stranger(line) == nil) }

    @Test func whoAsksForAPathWithAnUnknownCommandIsKnown() {
        func stranger(_ command: String, _ target: String) -> Stranger? {
            Stranger(unknownCommand: Array(command.utf8).span.bytes, of: Array(target.utf8).span.bytes)
        }
        for method in ["MKCOL", "VERSION-CONTROL", "search"] {
            for target in ["/", "/x", "http://a/", "HTTPS://a/"] { #expect(stranger(method, target) == .http) }
        }
        for command in ["0032git-upload-pack", "x.y", "A1"] { #expect(stranger(command, "/x") == .other) }
        for target in ["", "x", "x/y", "http:", "*", "\\x"] { #expect(stranger("FOO", target) == nil) }
    }

    @Test func commandsAreKnownByName() {
        for name in ["POST", "post", "Post", "Host:", "HOST:"] {
            #expect(Stranger(command: Array(name.utf8).span.bytes) == .http)
        }
        for name in ["POS", "POSTS", "Host", "Host::", "GET", ""] {
            #expect(Stranger(command: Array(name.utf8).span.bytes) == nil)
        }
    }
}
