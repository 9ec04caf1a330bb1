import Foundation
import HTTPTypes
import Hummingbird

extension Response {
    /// A JSON answer that must not be cached.
    static func json(_ body: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        json(try JSONEncoder().encode(body), status: status, cacheControl: "no-store")
    }

    static func json(_ body: Data, status: HTTPResponse.Status = .ok, cacheControl: String) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json; charset=utf-8", .cacheControl: cacheControl],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
}
