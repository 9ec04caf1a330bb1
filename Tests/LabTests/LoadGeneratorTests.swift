#if os(Linux)
    import CEchoBaseline
    import Foundation
    import Histogram
    import Testing

    @testable import Lab

    /// Against the echo server, in this process: it answers the same to every request.
    @Suite struct LoadGeneratorTests {
        @Test(arguments: [1, 7, 64])
        func everyRequestIsAnsweredOnce(inFlight: Int) async throws {
            var plan = plan(inFlight: inFlight, expecting: ":1\r\n")
            plan.keys = .each(0..<inFlight * 100)
            plan.end = .withKeys
            let result = try await LoadGenerator.run(plan, port: try echo(":1\r\n"), on: nil)
            #expect(result.requests == inFlight * 100)
            #expect(Int(result.latency.latency.totalCount) == result.requests)
            #expect(result.serverNanoseconds > 0)
            #expect(result.generatorNanoseconds > 0)
        }

        @Test func aNumberOfRequestsIsReached() async throws {
            var plan = plan(inFlight: 16, expecting: ":1\r\n")
            plan.end = .requests(5_000)
            let result = try await LoadGenerator.run(plan, port: try echo(":1\r\n"), on: nil)
            #expect(result.requests >= 5_000)
            #expect(result.requests < 5_000 + 16)
        }

        @Test func aWrongReplyFailsTheRun() async throws {
            let port = try echo(":0\r\n")
            let failure = await #expect(throws: LoadFailure.self) {
                try await LoadGenerator.run(plan(inFlight: 4, expecting: ":1\r\n"), port: port, on: nil)
            }
            #expect(failure?.message.contains(#"":0\r\n"#) == true)
        }

        @Test func aReplyTooManyFailsTheRun() async throws {
            let port = try echo(":1\r\n:1\r\n")
            await #expect(throws: LoadFailure.self) {
                try await LoadGenerator.run(plan(inFlight: 4, expecting: ":1\r\n"), port: port, on: nil)
            }
        }

        @Test func aServerThatIsNotThereFailsTheRun() async throws {
            let port = try LoopbackSocket.freePort()
            await #expect(throws: LoadFailure.self) {
                try await LoadGenerator.run(plan(inFlight: 1, expecting: ":1\r\n"), port: port, on: nil)
            }
        }

        @Test func severalThreadsShareARun() async throws {
            var plan = plan(inFlight: 4, expecting: ":1\r\n")
            plan.end = .requests(6_000)
            let recorder = LoadRecorder()
            plan.recording = .init(recorder: recorder)
            let address = ServerAddress.loopback(port: try echo(":1\r\n"))
            let result = try await LoadGenerator.run(plan, on: address, threads: 3)
            #expect(result.threads == 3)
            #expect((6_000..<6_000 + 3 * 4).contains(result.requests))
            #expect(recorder.progress.completed == result.requests)
        }

        @Test func anOpenLoopSendsAtItsRate() async throws {
            var plan = plan(inFlight: 8, expecting: ":1\r\n")
            plan.pace = .openLoop(requestsPerSecond: 2_000)
            plan.end = .requests(400)
            let result = try await LoadGenerator.run(plan, port: try echo(":1\r\n"), on: nil)
            #expect(result.requests == 400)
            #expect(result.unsent == 0)
            // The last is due 199.5 ms after the first.
            #expect(result.nanoseconds >= 199_500_000)
        }

        /// What comes a moment after its time is up would look like a second in which nearly nothing happened.
        @Test func aRunOfOneSecondHasOne() async throws {
            var plan = plan(inFlight: 1, expecting: ":1\r\n")
            plan.end = .after(.seconds(1))
            let recorder = LoadRecorder()
            plan.recording = .init(recorder: recorder, firstSecond: 3)
            let result = try await LoadGenerator.run(plan, port: try echo(":1\r\n"), on: nil)
            var report = SampleReport.empty
            recorder.fill(&report)
            #expect(result.nanoseconds >= 1_000_000_000)
            #expect(
                report.timeLine.map(\.completed).prefix(4) == [0, 0, 0, result.requests]
                    || result.nanoseconds > 1_100_000_000)
        }

        @Test func anOverloadIsGivenUpAndSaid() async throws {
            var plan = plan(inFlight: 1, expecting: ":1\r\n")
            plan.connections = 1
            // Ten million in a hundredth of a second.
            plan.pace = .openLoop(requestsPerSecond: 1e9)
            plan.end = .requests(10_000_000)
            let result = try await LoadGenerator.run(plan, port: try echo(":1\r\n"), on: nil)
            #expect(result.unsent > 0)
            #expect(result.requests + result.unsent == 10_000_000)
        }

        @Test func aRunThatIsStoppedEnds() async throws {
            var plan = plan(inFlight: 2, expecting: ":1\r\n")
            plan.end = .after(.seconds(3600))
            let port = try echo(":1\r\n")
            for pace in [LoadPlan.Pace.closedLoop, .openLoop(requestsPerSecond: 1_000)] {
                plan.pace = pace
                plan.stop = StopFlag()
                let (stopped, stop) = (plan, plan.stop)
                let run = Task { try await LoadGenerator.run(stopped, port: port, on: nil) }
                stop.set()
                _ = try await run.value
            }
        }

        private func plan(inFlight: Int, expecting reply: String) -> LoadPlan {
            let template = RequestTemplate.resp(
                ["EXISTS", Dialect.prefix + KeySpace.placeholder], live: [true], reply: reply)
            return LoadPlan(
                mix: [(template, 100)], connections: 5, inFlight: inFlight, keys: .random(below: 1000),
                end: .after(.milliseconds(20)), server: ProcessInfo.processInfo.processIdentifier)
        }

        /// An echo server that runs until the tests end.
        private func echo(_ reply: String) throws -> Int {
            var port: UInt16 = 0
            let listener = echo_baseline_listen(&port)
            try #require(listener >= 0)
            Thread.detachNewThread { _ = echo_baseline_serve(listener, reply, reply.utf8.count) }
            return Int(port)
        }
    }
#endif
