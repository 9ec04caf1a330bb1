import Contract
import Crypto
import Foundation
import HummingbirdTesting
import Logging
import Revocation
import RevocationHTTP
import Synchronization
import TestSupport
import Testing

@testable import AuthNode

/// RFC 8936: what is acknowledged, and when. The transmitter is played.
@Suite struct EventPollTests {
    private let stage = EventStage()

    /// A transmitter that answers as it is told, and notes what it was asked.
    private final class Transmitter: Sendable {
        private let state = Mutex<(answers: [Result<String, JSONEndpoint.Failure>], requests: [String])>(([], []))

        var requests: [[String: Any]] {
            state.withLock { $0.requests }.map {
                (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any] ?? [:]
            }
        }

        func answer(_ answer: Result<String, JSONEndpoint.Failure>) { state.withLock { $0.answers.append(answer) } }

        func answer(sets: [String: String], more: Bool = false) throws {
            let body: JSONObject = ["sets": sets, "moreAvailable": more]
            answer(.success(String(decoding: try JSONSerialization.data(withJSONObject: body), as: UTF8.self)))
        }

        func post(_ body: Data) throws(JSONEndpoint.Failure) -> Data {
            let answer = state.withLock { state -> Result<String, JSONEndpoint.Failure> in
                state.requests.append(String(decoding: body, as: UTF8.self))
                return state.answers.isEmpty ? .success(#"{"sets":{}}"#) : state.answers.removeFirst()
            }
            return Data(try answer.get().utf8)
        }
    }

    private struct Setting {
        let transmitter: Transmitter
        let denylist: TestDenylist
        let poller: EventPoller
        var stream: EventPoller.Stream { poller.streams[0] }
        var course = EventPoll(EventPollConfiguration())

        /// One request, and the wait behind it.
        mutating func poll() async -> Duration {
            await poller.poll(stream, &course)
            return course.pause()
        }

        func isRevoked(_ session: String) async -> Bool {
            if case .revoked(_) = await denylist.verdict(of: .session(session), issuer: EventStage.issuer) {
                return true
            }
            return false
        }
    }

    private func setting() async throws -> Setting {
        let node = try await stage.node()
        let intake = EventIntake(
            try await stage.providers(#""accepts":["events"]"#), denylist: node.denylist, leeway: .zero,
            clock: WallClock { node.clock.wall })
        let transmitter = Transmitter()
        let stream = EventPoller.Stream(issuer: EventStage.issuer, configuration: EventPollConfiguration()) {
            (body, _) throws(JSONEndpoint.Failure) in try transmitter.post(body)
        }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return Setting(
            transmitter: transmitter, denylist: node.denylist,
            poller: EventPoller(streams: [stream], intake: intake, logger: logger))
    }

    private func event(_ number: Int, key: P256.Signing.PrivateKey? = nil) throws -> String {
        let subject = ["format": "opaque", "id": "s-\(number)"]
        return try stage.event(EventStage.caep + "session-revoked", subject, [:], ["jti": "e-\(number)"], key: key)
    }

    // MARK: The course

    @Test func theFirstRequestAcknowledgesNothing() async throws {
        var setting = try await setting()
        #expect(await setting.poll() == .seconds(10))
        let request = setting.transmitter.requests[0]
        #expect(Set(request.keys) == ["maxEvents", "returnImmediately"])
        #expect(request["maxEvents"] as? Int == 100)
        #expect(request["returnImmediately"] as? Bool == true)
    }

    @Test func anEventIsRevokedThenAcknowledged() async throws {
        var setting = try await setting()
        try setting.transmitter.answer(sets: ["e-1": try event(1), "e-2": try event(2)])
        #expect(await setting.poll() == .zero)
        #expect(await setting.isRevoked("s-1"))
        #expect(await setting.isRevoked("s-2"))
        #expect(await setting.poll() == .seconds(10))
        _ = await setting.poll()
        let acknowledged = setting.transmitter.requests.map { Set($0["ack"] as? [String] ?? []) }
        #expect(acknowledged == [[], ["e-1", "e-2"], []])
    }

    @Test func aRefusedEventIsReported() async throws {
        var setting = try await setting()
        try setting.transmitter.answer(sets: ["e-1": try event(1, key: P256.Signing.PrivateKey()), "e-2": "x"])
        #expect(await setting.poll() == .seconds(1))
        _ = await setting.poll()
        let request = setting.transmitter.requests[1]
        let problems = try #require(request["setErrs"] as? [String: [String: String]])
        #expect(problems.mapValues { $0["err"] } == ["e-1": "authentication_failed", "e-2": "invalid_request"])
        #expect(problems.values.allSatisfy { $0["description"]?.isEmpty == false })
        #expect(request["ack"] == nil)
        #expect(await !setting.isRevoked("s-1"))
    }

    @Test func anEventThatIsNotDurableIsNotAcknowledged() async throws {
        var setting = try await setting()
        for left in [0, 1] {
            setting.denylist.revocationsLeft = left
            try setting.transmitter.answer(sets: ["e-1": try event(1)])
            #expect(await setting.poll() == .seconds(1 << left))
        }
        setting.denylist.revocationsLeft = nil
        try setting.transmitter.answer(sets: ["e-1": try event(1)])
        #expect(await setting.poll() == .zero)
        _ = await setting.poll()
        let acknowledged = setting.transmitter.requests.map { $0["ack"] as? [String] ?? [] }
        #expect(acknowledged == [[], [], [], ["e-1"]])
    }

    /// §2.4: redelivery is acknowledged again, and hurries nothing.
    @Test func aRepeatedEventIsAcknowledgedAgain() async throws {
        var setting = try await setting()
        for _ in 0..<3 { try setting.transmitter.answer(sets: ["e-1": try event(1)], more: true) }
        #expect(await setting.poll() == .zero)
        for _ in 0..<2 { #expect(await setting.poll() == .seconds(1)) }
        let acknowledged = setting.transmitter.requests.map { $0["ack"] as? [String] ?? [] }
        #expect(acknowledged == [[], ["e-1"], ["e-1"]])
    }

    @Test func anAcknowledgementThatDidNotArriveIsRepeated() async throws {
        var setting = try await setting()
        try setting.transmitter.answer(sets: ["e-1": try event(1), "e-2": "x"])
        _ = await setting.poll()
        for answer in ["", "garbage", #"{"sets":[]}"#, #"{"sets":{"a":1}}"#, "{}"] {
            setting.transmitter.answer(.success(answer))
            _ = await setting.poll()
        }
        setting.transmitter.answer(.failure(.init("the answer's status is 503")))
        _ = await setting.poll()
        _ = await setting.poll()
        _ = await setting.poll()
        let requests = setting.transmitter.requests
        #expect(requests.map { $0["ack"] as? [String] ?? [] } == [[]] + Array(repeating: ["e-1"], count: 7) + [[]])
        #expect(
            requests.map { ($0["setErrs"] as? [String: Any])?.count ?? 0 } == [0] + Array(repeating: 1, count: 7) + [0])
    }

    @Test func failuresAreRetriedMoreAndMoreSeldom() async throws {
        var setting = try await setting()
        var pauses: [Duration] = []
        for _ in 0..<9 {
            setting.transmitter.answer(.failure(.init("no answer")))
            pauses.append(await setting.poll())
        }
        #expect(pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60].map { Duration.seconds($0) })
        #expect(setting.poller.problems.texts == ["events of \(EventStage.issuer) cannot be polled: no answer"])
        #expect(await setting.poll() == .seconds(10))
        #expect(setting.poller.problems.texts == [])
        setting.transmitter.answer(.failure(.init("no answer")))
        #expect(await setting.poll() == .seconds(1))
    }

    /// The transmitter is well, but nothing that it sends is carried out: the stream stands still.
    @Test func eventsThatAreNeverCarriedOutAreAProblem() async throws {
        var setting = try await setting()
        setting.denylist.revocationsLeft = 0
        for _ in 1..<EventPoll.patience {
            try setting.transmitter.answer(sets: ["e-1": try event(1)])
            _ = await setting.poll()
            #expect(setting.poller.problems.texts == [])
        }
        // Events that bring nothing do not hide it, nor does an answer that fails.
        setting.transmitter.answer(.failure(.init("no answer")))
        _ = await setting.poll()
        try setting.transmitter.answer(sets: ["e-1": try event(1), "e-2": "x"])
        _ = await setting.poll()
        let expected = "events of it come again and again, and cannot be carried out: no connection to the store"
        #expect(setting.poller.problems.texts == ["events of \(EventStage.issuer) cannot be polled: \(expected)"])
        #expect(setting.poller.problems.includes(EventStage.issuer))
        setting.denylist.revocationsLeft = nil
        try setting.transmitter.answer(sets: ["e-1": try event(1)])
        _ = await setting.poll()
        #expect(setting.poller.problems.texts == [])
    }

    @Test func noMoreThanWereAskedForAreRead() async throws {
        var setting = try await setting()
        var sets: [String: String] = [:]
        for number in 0..<300 { sets["e-\(number)"] = try event(number) }
        try setting.transmitter.answer(sets: sets)
        _ = await setting.poll()
        _ = await setting.poll()
        #expect((setting.transmitter.requests[1]["ack"] as? [String])?.count == 100)
    }

    @Test func anIdentifierThatIsTooLongIsNotKept() async throws {
        var setting = try await setting()
        try setting.transmitter.answer(sets: [String(repeating: "e", count: 2_000): try event(1)])
        _ = await setting.poll()
        _ = await setting.poll()
        #expect(setting.transmitter.requests[1]["ack"] == nil)
    }

    /// Another provider's event has no business in this stream.
    @Test func aStreamIsOfItsIssuer() async throws {
        var setting = try await setting()
        let other = EventPoller.Stream(issuer: "https://other.example", configuration: EventPollConfiguration()) {
            [transmitter = setting.transmitter] (body, _) throws(JSONEndpoint.Failure) in try transmitter.post(body)
        }
        try setting.transmitter.answer(sets: ["e-1": try event(1)])
        await setting.poller.poll(other, &setting.course)
        #expect(setting.course.request.setErrs?["e-1"]?.err == "invalid_issuer")
        #expect(await !setting.isRevoked("s-1"))
    }

    /// A new event is acknowledged at once, and the end of the node ends the wait for the next poll.
    @Test func itPollsUntilItIsEnded() async throws {
        let setting = try await setting()
        let (requests, asked) = AsyncStream.makeStream(of: Void.self)
        let stream = EventPoller.Stream(issuer: EventStage.issuer, configuration: EventPollConfiguration()) {
            [transmitter = setting.transmitter] (body, _) throws(JSONEndpoint.Failure) in
            defer { asked.yield() }
            return try transmitter.post(body)
        }
        try setting.transmitter.answer(sets: ["e-1": try event(1)])
        let poller = EventPoller(streams: [stream], intake: setting.poller.intake, logger: setting.poller.logger)
        let running = Task { await poller.run() }
        var answered = requests.makeAsyncIterator()
        for _ in 0..<2 { _ = await answered.next() }
        running.cancel()
        await running.value
        #expect(await setting.isRevoked("s-1"))
        #expect(setting.transmitter.requests.map { $0["ack"] as? [String] ?? [] } == [[], ["e-1"]])
    }

    /// With long polling the transmitter holds answers back, so the next request follows soon.
    @Test func aTransmitterMayHoldItsAnswerBack() {
        var configuration = EventPollConfiguration()
        configuration.waits = true
        var course = EventPoll(configuration)
        #expect(!course.request.returnImmediately)
        #expect(course.answered(Data(#"{"sets":{}}"#.utf8))?.count == 0)
        #expect(course.pause() == .seconds(1))
    }
}
