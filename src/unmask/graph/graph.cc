#include "unmask/graph/graph.h"

#include <utility>

#include "unmask/base/error.h"
#include "unmask/graph/operations.h"

namespace unmask {

const Node& Graph::output(const std::string& name) const {
  const auto found = outputs.find(name);
  if (found == outputs.end()) throw Error("the network has no output called '" + name + "'");
  return nodes.at(found->second);
}

std::vector<Parameter> Graph::Parameters() const {
  std::vector<Parameter> all;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const Node& node = nodes[i];
    if (node.inputs.empty()) continue;
    for (Parameter& parameter : ParametersOf(node.operation, nodes[node.inputs[0]].shape)) {
      parameter.name = node.name + "." + parameter.name;
      parameter.node = static_cast<int>(i);
      all.push_back(std::move(parameter));
    }
  }
  return all;
}

int GraphBuilder::AddInput(int64_t channels, int64_t height, int64_t width) {
  if (channels < 1 || height < 1 || width < 1) {
    throw Error("network input: channels, height and width must be at least 1");
  }
  graph_.nodes.push_back({Input{}, "", {}, {channels, height, width}});
  return static_cast<int>(graph_.nodes.size()) - 1;
}

int GraphBuilder::AddNode(Operation operation, std::vector<int> inputs, std::string name) {
  const std::string label =
      std::string(KindOf(operation)) + (name.empty() ? "" : " '" + name + "'") + ": ";
  std::vector<Shape> shapes;
  for (const int input : inputs) {
    if (input < 0 || input >= static_cast<int>(graph_.nodes.size())) {
      throw Error(label + "input " + std::to_string(input) + " is not an earlier node");
    }
    shapes.push_back(shape(input));
  }
  Shape out;
  try {
    out = OutputShape(operation, shapes);
  } catch (const Error& e) {
    throw Error(label + e.problem());
  }
  if (name.empty() && !ParametersOf(operation, shapes[0]).empty()) {
    throw Error(label + "has parameters and needs a name");
  }
  graph_.nodes.push_back({std::move(operation), std::move(name), std::move(inputs), out});
  return static_cast<int>(graph_.nodes.size()) - 1;
}

void GraphBuilder::SetOutput(const std::string& name, int node) {
  if (node < 0 || node >= static_cast<int>(graph_.nodes.size())) {
    throw Error("output '" + name + "': node " + std::to_string(node) + " does not exist");
  }
  graph_.outputs[name] = node;
}

Graph GraphBuilder::Build() && {
  if (graph_.outputs.empty()) throw Error("the network has no output");
  return std::move(graph_);
}

}  // namespace unmask
