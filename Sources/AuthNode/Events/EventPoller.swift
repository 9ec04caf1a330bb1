import Contract
import Foundation
import Logging
import RevocationHTTP
import ServiceLifecycle
import Synchronization

/// Polls the streams of identity providers (RFC 8936), each on its own. It ends with the node.
struct EventPoller: Service {
    /// How long a transmitter may take for an answer, and how long it may hold one back.
    private static let deadline: Duration = .seconds(10)
    private static let waitingDeadline: Duration = .seconds(60)

    /// One stream.
    struct Stream: Sendable {
        /// `iss` of the transmitter.
        let issuer: String
        let configuration: EventPollConfiguration
        /// Sends a request, and returns the answer's body.
        let post: @Sendable (Data, Duration) async throws(JSONEndpoint.Failure) -> Data
    }

    /// Why streams cannot be polled, by issuer; empty if all is well.
    final class Problems: Sendable {
        /// The issuers of all streams.
        let issuers: [String]
        private let problems = Mutex<[String: String]>([:])

        init(of issuers: [String] = []) { self.issuers = issuers }

        /// For an operator.
        var texts: [String] {
            problems.withLock {
                $0.sorted { $0.key < $1.key }.map { "events of \($0.key) cannot be polled: \($0.value)" }
            }
        }

        /// Whether something is wrong with the stream of an issuer.
        func includes(_ issuer: String) -> Bool { problems.withLock { $0[issuer] != nil } }

        /// - Returns: whether it is another problem than before.
        fileprivate func set(_ problem: String?, of issuer: String) -> Bool {
            problems.withLock { problems in
                defer { problems[issuer] = problem }
                return problems[issuer] != problem
            }
        }
    }

    let streams: [Stream]
    let intake: EventIntake
    let problems: Problems
    let logger: Logger

    init(streams: [Stream], intake: EventIntake, logger: Logger) {
        problems = Problems(of: streams.map(\.issuer))
        self.streams = streams
        self.intake = intake
        self.logger = logger
    }

    init(_ providers: [IdentityProvider], intake: EventIntake, logger: Logger) {
        let streams = providers.compactMap { provider in
            provider.poll.map { poll in
                Stream(issuer: provider.issuer.name, configuration: poll.configuration) {
                    (body, deadline) async throws(JSONEndpoint.Failure) in
                    try await poll.endpoint.post(body, within: deadline)
                }
            }
        }
        self.init(streams: streams, intake: intake, logger: logger)
    }

    func run() async {
        await cancelWhenGracefulShutdown {
            await withTaskGroup { group in
                for stream in streams { group.addTask { await poll(stream) } }
            }
            // A service that returns ends the others.
            if streams.isEmpty { try? await gracefulShutdown() }
        }
    }

    private func poll(_ stream: Stream) async {
        var course = EventPoll(stream.configuration)
        while !Task.isCancelled {
            await poll(stream, &course)
            guard (try? await Task.sleep(for: course.pause())) != nil else { return }
        }
    }

    /// One request, and what its answer brings.
    func poll(_ stream: Stream, _ course: inout EventPoll) async {
        let events: [(identifier: String, token: String)]
        do throws(JSONEndpoint.Failure) {
            guard let request = try? JSONEncoder().encode(course.request) else { return course.failed() }
            let body = try await stream.post(
                request, stream.configuration.waits ? Self.waitingDeadline : Self.deadline)
            guard let answered = course.answered(body) else {
                return tell("the answer is not that of a transmitter", of: stream)
            }
            events = answered
        } catch {
            course.failed()
            return tell(error.message, of: stream)
        }
        for event in events {
            let result: Result<EventIntake.Outcome, EventIntake.Failure>
            // The stream was asked for it: no network is limited.
            var isSuspect = false
            do throws(EventIntake.Failure) {
                result = .success(
                    try await intake.receive(event.token, logger: logger, &isSuspect) {
                        (provider) throws(EventRefusal) in
                        guard provider.issuer.name.isExactly(stream.issuer) else {
                            throw EventRefusal(.invalidIssuer, "the token is not of the stream's issuer")
                        }
                    })
            } catch { result = .failure(error) }
            EventMetrics.count(result, "poll")
            course.note(event.identifier, result)
        }
        course.endAnswer()
        if let cause = course.standstill {
            tell("events of it come again and again, and cannot be carried out: \(cause)", of: stream)
        } else if problems.set(nil, of: stream.issuer) {
            logger.notice("events of an identity provider are polled again", metadata: ["issuer": "\(stream.issuer)"])
        }
    }

    private func tell(_ problem: String, of stream: Stream) {
        guard !Task.isCancelled, problems.set(problem, of: stream.issuer) else { return }
        logger.warning(
            "events of an identity provider cannot be polled",
            metadata: ["issuer": "\(stream.issuer)", "reason": "\(problem)"])
    }
}
