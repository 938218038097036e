#pragma once

#include <boost/json/fwd.hpp>

// For headers that only name a JSON value; json/json.h has the whole of it.
namespace bookstore::json {

using Value = boost::json::value;
using Array = boost::json::array;
using Object = boost::json::object;

}  // namespace bookstore::json
