import AdminHTTP
import Testing

@Suite struct AdminAddressTests {
    @Test func anAddressIsAHostAndAPort() {
        #expect(AdminAddress("127.0.0.1:7380") == AdminAddress(host: "127.0.0.1", port: 7380))
        #expect(AdminAddress("[::1]:0") == AdminAddress(host: "::1", port: 0))
        #expect(AdminAddress("localhost:80")?.description == "localhost:80")
        #expect(AdminAddress("[::1]:80")?.description == "[::1]:80")
        #expect(AdminAddress("[::1]:80")?.url == "http://[::1]:80")
        #expect(AdminAddress("http://[::1]:80") == AdminAddress("[::1]:80"))
        let encrypted = AdminAddress(host: "::1", port: 80, isEncrypted: true)
        #expect(AdminAddress("https://[::1]:80") == encrypted)
        #expect(encrypted.description == "https://[::1]:80" && encrypted.url == encrypted.description)
        for wrong in ["https://", "https://::1:80", "https://localhost", "https://localhost:80/", "ftp://localhost:80"]
        {
            #expect(AdminAddress(wrong) == nil, "\(wrong)")
        }
        for wrong in ["", ":80", "7380", "127.0.0.1", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80", "a:b", "[]:80"] {
            #expect(AdminAddress(wrong) == nil, "\(wrong)")
        }
    }

    @Test func onlyLoopbackIsNotExposed() {
        for host in ["127.0.0.1", "127.9.9.9", "::1", "localhost"] { #expect(AdminAddress.isLoopback(host)) }
        for host in ["0.0.0.0", "::", "*", "127.0.0.1.example.com", "10.0.0.1", "", "127.evil.example"] {
            #expect(!AdminAddress.isLoopback(host), "\(host)")
        }
        #expect(AdminListening("off")?.exposed == nil)
        #expect(AdminListening("127.0.0.1:1")?.exposed == nil)
        #expect(AdminListening("0.0.0.0:1")?.exposed?.host == "0.0.0.0")
        #expect(AdminListening("on") == nil)
    }
}
