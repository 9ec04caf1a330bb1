import Foundation
import Testing

/// `revoked revoke`, `check` and `restore`, as a shell script sees them.
@Suite(.timeLimit(.minutes(1))) struct RevokeCommandTests {
    private func run(_ arguments: [String], _ daemon: DaemonProcess?, input: String? = nil) throws -> (Int32, String) {
        let backend = "redis://127.0.0.1:\(daemon?.port ?? 1)"
        let process = try TestProcess(
            try DaemonProcess.program(), arguments, environment: ["REVOKED_BACKEND": backend], input: input)
        let (status, output) = try process.waitForEnd()
        return (status, output)
    }

    /// A JWT whose signature nobody looks at.
    private func token(_ claims: String, kid: String? = "k") -> String {
        func encode(_ text: String) -> String {
            Data(text.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
                "=", with: "")
        }
        let kid = kid.map { #","kid":"\#($0)""# } ?? ""
        return encode(#"{"alg":"ES256","typ":"at+jwt"\#(kid)}"#) + "." + encode(claims) + "." + encode("signature")
    }

    @Test func aTokenFromStandardInput() throws {
        let daemon = try DaemonProcess()
        let expiry = Int(Date.now.timeIntervalSince1970) + 600
        let claims = #"{"iss":"i","jti":"secret-jti","sid":"secret-sid","sub":"alice","exp":\#(expiry)"#
        let token = token(claims + #","iat":\#(expiry - 600)}"#)
        #expect(try run(["check"], daemon, input: token) == (0, "Clear: not revoked.\n"))
        // Its revocations may have ended before it does.
        #expect(try run(["check"], daemon, input: self.token(claims + "}")).0 == 2)
        let (status, output) = try run(["revoke", "--reason", "compromised"], daemon, input: token + "\n")
        #expect(status == 0 && output.hasPrefix("Revoked (token and session); kept until 2"))
        #expect(!output.contains("secret"))
        #expect(try run(["check"], daemon, input: token) == (1, "Revoked: compromised\n"))
        #expect(try run(["restore"], daemon, input: token).0 == 0)
        // Its session still is.
        #expect(try run(["check"], daemon, input: token).0 == 1)
        #expect(try run(["restore", "--session", "secret-sid"], daemon).0 == 0)
        #expect(try run(["check"], daemon, input: token).0 == 0)
        #expect(try run(["restore"], daemon, input: token).0 == 1)
    }

    /// A node knows which key verified it.
    @Test func aTokenThatDoesNotNameItsKeyIsNotClear() throws {
        let daemon = try DaemonProcess()
        let expiry = Int(Date.now.timeIntervalSince1970) + 600
        let token = token(#"{"iss":"i","jti":"j","sid":"s","iat":\#(expiry - 600),"exp":\#(expiry)}"#, kid: nil)
        let (status, output) = try run(["check"], daemon, input: token)
        #expect(status == 2 && output.contains("--signed-by"))
        #expect(try run(["check", "--signed-by", "thumbprint"], daemon, input: token).0 == 0)
        #expect(try run(["revoke", "--kid", "thumbprint"], daemon).0 == 0)
        #expect(try run(["check", "--signed-by", "thumbprint"], daemon, input: token).0 == 1)
        #expect(try run(["check"], daemon, input: token).0 == 2)
        // What it names suffices to say that it is revoked.
        #expect(try run(["revoke", "--session", "s"], daemon).0 == 0)
        #expect(try run(["check"], daemon, input: token).0 == 1)
    }

    /// Only a node is told whether the issuer's auth_time is when its user logged in.
    @Test func aCutOffBetweenAuthTimeAndIssueIsToldOf() throws {
        let daemon = try DaemonProcess()
        let now = Int(Date.now.timeIntervalSince1970)
        let token = token(
            #"{"iss":"i","jti":"j","sub":"a","auth_time":\#(now - 100),"iat":\#(now - 50),"exp":\#(now + 600)}"#)
        let wide = ["revoke", "--subject", "a", "--issued-before", "\(now - 75)000"]
        #expect(try run(["check"], daemon, input: token).0 == 0)
        #expect(try run(wide, daemon).0 == 0)
        let (status, output) = try run(["check"], daemon, input: token)
        #expect(status == 1 && output.contains("--log-in-time iat"))
        let told = try run(["check", "--log-in-time", "auth_time"], daemon, input: token)
        #expect(told.0 == 1 && !told.1.contains("--log-in-time"))
        #expect(try run(["check", "--log-in-time", "iat"], daemon, input: token).0 == 0)
        #expect(try run(["revoke", "--subject", "a"], daemon).0 == 0)
        #expect(try run(["check"], daemon, input: token).0 == 1)
    }

    @Test func scopesByName() throws {
        let daemon = try DaemonProcess()
        let expiry = "\(Int(Date.now.timeIntervalSince1970) + 600)"
        for (revoke, check) in [
            (["--jti", "a", "--expires-at", expiry], ["--jti", "a"]), (["--session", "b"], ["--session", "b"]),
            (["--subject", "c"], ["--subject", "c"]), (["--client", "d"], ["--client", "d"]),
            // One in 64 identifiers in base64url begins with a hyphen.
            (["--kid", "-e"], ["--kid", "-e"]), (["--session", "--_F"], ["--session", "--_F"]),
        ] {
            #expect(try run(["check", "--json"] + check, daemon).0 == 0)
            let (status, output) = try run(["revoke", "--json"] + revoke, daemon)
            let object = try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: String])
            #expect(status == 0 && object["outcome"] == "revoked" && object["until"] != nil)
            #expect(try run(["check", "--json"] + check, daemon).0 == 1)
            let restored = try run(["restore", "--json"] + check, daemon)
            #expect(restored.0 == 0 && restored.1.contains(#""outcome":"restored""#))
            #expect(try run(["check"] + check, daemon).0 == 0)
        }
        #expect(try run(["check", "--all"], daemon).0 == 0)
        #expect(try run(["revoke", "--all"], daemon).0 == 0)
        #expect(try run(["check", "--all"], daemon).0 == 1)
        #expect(try run(["check", "--jti", "x"], daemon).0 == 1)
        #expect(try run(["revoke", "--jti", "old", "--expires-at", "1"], daemon).1.hasPrefix("Nothing to do"))
    }

    @Test func whatIsNotAcknowledgedIsSaid() throws {
        let (status, output) = try run(["revoke", "--session", "a"], nil)
        #expect(status == 2 && output.contains("NOT revoked"))
        #expect(try run(["check", "--session", "a"], nil).0 == 2)
        #expect(try run(["restore", "--session", "a"], nil).0 == 2)
        let daemon = try DaemonProcess()
        #expect(try run(["revoke", "--subject", "a", "--issued-before", "1700000000"], daemon).0 == 2)
    }

    @Test(arguments: [
        ["revoke", "--jti", "a"], ["revoke", "--jti", "a", "--session", "b", "--expires-at", "1"],
        ["revoke", "--session", "a", "--issued-before", "1"],
        ["revoke", "--session", "a", "--reason", "rotated:1700000000000:next"],
        // A script's variable that was empty.
        ["revoke", "--session", "--json"], ["revoke", "--kid", "--reason=x"], ["check", "--jti", "--issuer", "i"],
        ["check", "--session", "a", "--signed-by", "k"], ["check", "--session", "a", "--log-in-time", "iat"],
    ])
    func wrongArguments(arguments: [String]) throws {
        #expect(try run(arguments, nil).0 == 64)
    }

    @Test func whatIsNoToken() throws {
        for input in ["", "x", "a.b.c", String(repeating: "x", count: 10_000)] {
            let (status, output) = try run(["revoke"], nil, input: input)
            #expect(status != 0 && !output.contains("Revoked"))
        }
    }
}
