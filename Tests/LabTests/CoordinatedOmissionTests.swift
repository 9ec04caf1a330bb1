#if os(Linux)
    import CEchoBaseline
    import Foundation
    import Testing

    @testable import Lab

    /// A server that stands still for a while: everybody who would have come meanwhile has waited.
    @Suite struct CoordinatedOmissionTests {
        private static let pause = 0.3
        private static let reply = ":1\r\n"

        @Test func anOpenLoopCountsFromWhenARequestWasDue() async throws {
            var plan = plan()
            plan.pace = .openLoop(requestsPerSecond: 1000)
            plan.end = .requests(600)
            let result = try await LoadGenerator.run(plan, port: try stallingServer(), on: nil)
            #expect(result.requests == 600)
            // 300 were due during the pause, one each millisecond: 250 of them waited at least 50 ms.
            #expect(result.latency(atPercentile: 65) >= 50_000)
            #expect(result.latency(atPercentile: 100) >= Self.pause * 0.95e6)
        }

        /// What the open loop is for: a closed one waits with the server, and has one slow request to show for it.
        @Test func aClosedLoopSeesOnlyWhatItSent() async throws {
            var plan = plan()
            plan.end = .requests(600)
            let result = try await LoadGenerator.run(plan, port: try stallingServer(), on: nil)
            #expect(result.latency(atPercentile: 65) < 50_000)
            #expect(result.latency(atPercentile: 100) >= Self.pause * 0.95e6)
        }

        private func plan() -> LoadPlan {
            let template = RequestTemplate.resp(
                ["EXISTS", Dialect.prefix + KeySpace.placeholder], live: [true], reply: Self.reply)
            return LoadPlan(
                mix: [(template, 100)], connections: 1, inFlight: 1, keys: .random(below: 1000), end: .requests(600))
        }

        /// Serves one connection; before the hundredth answer it stands still.
        private func stallingServer() throws -> Int {
            var port: UInt16 = 0
            let listener = echo_baseline_listen(&port)
            try #require(listener >= 0)
            Thread.detachNewThread {
                defer { close(listener) }
                var waiting = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
                guard poll(&waiting, 1, 30_000) == 1 else { return }
                let connection = accept(listener, nil, nil)
                defer { close(connection) }
                var buffer = [UInt8](repeating: 0, count: 1 << 16)
                var answered = 0
                while case let count = recv(connection, &buffer, buffer.count, 0), count > 0 {
                    let requests = buffer[..<count].count { $0 == UInt8(ascii: "*") }
                    for _ in 0..<requests {
                        answered += 1
                        if answered == 100 { Thread.sleep(forTimeInterval: Self.pause) }
                        _ = send(connection, Self.reply, Self.reply.utf8.count, Int32(MSG_NOSIGNAL))
                    }
                }
            }
            return Int(port)
        }
    }
#endif
