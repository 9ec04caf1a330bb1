import Foundation
import TestSupport
import Testing

/// Which store the command line and a node go by: the one whose epoch they know, under terms that cover their settings.
@Suite(.timeLimit(.minutes(2))) struct BelievedStoreTests {
    private let folder = try! TemporaryFolder()

    private func run(_ arguments: [String], _ daemon: DaemonProcess, input: String? = nil) throws -> (Int32, String) {
        let process = try TestProcess(
            try DaemonProcess.program(), arguments,
            environment: ["REVOKED_BACKEND": "redis://127.0.0.1:\(daemon.port)"], input: input)
        let (status, output) = try process.waitForEnd()
        return (status, output)
    }

    /// The store was replaced by an empty one between two calls of a script: that says nothing of what was revoked.
    @Test func anEmptyStoreSaysNothingToWhoKnowsTheRightOne() throws {
        let (store, empty) = (try DaemonProcess(), try DaemonProcess())
        let state = "\(folder.path)/state"
        #expect(try run(["check", "--session", "s", "--state-file", state], store).0 == 0)
        let (status, output) = try run(["check", "--session", "s", "--state-file", state], empty)
        #expect(status == 2 && output.contains("epoch"), "\(output)")
        #expect(try run(["revoke", "--session", "s", "--state-file", state], empty).0 == 2)
        #expect(try run(["check", "--session", "s", "--state-file", state], store).0 == 0)
        let epoch = String(try store.connect().ask("GET revoked.epoch").dropFirst().dropLast())
        for (daemon, expected) in [(store, Int32(0)), (empty, 2)] {
            #expect(try run(["check", "--session", "s", "--epoch", epoch], daemon).0 == expected)
        }
        // Who knows none believes whatever answers.
        #expect(try run(["check", "--session", "s"], empty).0 == 0)
    }

    /// A node whose tokens outlive revocations does not start; the command that it prints mends that.
    @Test func aNodeThatNeedsLongerTermsDoesNotStart() throws {
        let daemon = try DaemonProcess()
        #expect(try run(["terms", "--lifetime", "3600"], daemon).0 == 0)
        let flags = ["--access-token-lifetime", "60", "--refresh-token-lifetime", "7200"]
        let failure = #expect(throws: TestFailure.self) { try TestNodeProcess(backend: daemon.port, flags) }
        let words = "tokens of issuer revoked live for up to 3600 s, and 7200 s here"
        #expect(failure.map { "\($0)".contains(words) } == true, "\(failure.map { "\($0)" } ?? "")")
        #expect(failure.map { "\($0)".contains("revoked terms --backend URL --lifetime revoked=7200") } == true)
        let (status, output) = try run(["terms", "--lifetime", "revoked=7200"], daemon)
        #expect(status == 0 && output.contains("7200"), "\(output)")
        _ = try TestNodeProcess(backend: daemon.port, flags)
    }

    /// A refresh after the cut-off does not make a log-in younger.
    @Test func aTokenIsAsOldAsItsLogIn() throws {
        let daemon = try DaemonProcess()
        let now = Int(Date.now.timeIntervalSince1970)
        func token(_ loggedInAt: Int?) -> String {
            func encode(_ text: String) -> String {
                Data(text.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
                    "=", with: "")
            }
            let claims = #"{"iss":"i","jti":"j","sub":"alice","iat":\#(now),"exp":\#(now + 600)"#
            let logIn = loggedInAt.map { #","auth_time":\#($0)"# } ?? ""
            return [#"{"alg":"ES256","typ":"at+jwt","kid":"k"}"#, claims + logIn + "}", "signature"].map(encode).joined(
                separator: ".")
        }
        let (status, output) = try run(
            ["revoke", "--subject", "alice", "--issued-before", "\((now - 60) * 1_000)"], daemon)
        #expect(status == 0, "\(output)")
        for (loggedInAt, expected) in [(nil, Int32(0)), (now - 59, 0), (now - 60, 1), (now - 600, 1)] {
            #expect(try run(["check"], daemon, input: token(loggedInAt)).0 == expected)
        }
    }
}
