#pragma once

#include <string>
#include <string_view>

namespace bookstore::fraud_detection {

enum class DomainClass {
  kOrdinary,
  kDisposable,  // a mailbox for ten minutes that anybody may read
};

// What stands after the last '@', in small ASCII letters; empty when there is none.
std::string email_domain(std::string_view email);

// A listed domain, or anything below one.
DomainClass classify_domain(std::string_view domain);

// The country whose people use the domain's ending, as ISO 3166-1; empty for generic endings and
// for country codes that the world uses as generic ones (.io, .co, .me).
std::string country_of_domain(std::string_view domain);

}  // namespace bookstore::fraud_detection
