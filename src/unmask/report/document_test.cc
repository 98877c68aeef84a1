#include "unmask/report/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"

namespace unmask {
namespace {

using testing::HasSubstr;
using testing::Not;

Document Sample() {
  return {
      "Losses & <more>",
      {Heading{2, "Tables"}, Paragraph{"Two **bold** words and `a_b <c>`."},
       Paragraph{"Not the paper's data.", true}, BulletList{{"one", "two_three"}},
       DocumentTable{
           "Accuracy", {"loss", "AT"}, {{{{"a|b", "", false}, {"97.1", "paper 95.9", true}}}}}}};
}

TEST(Document, Markdown) {
  EXPECT_EQ(ToMarkdown(Sample(), "."),
            "# Losses & \\<more>\n\n"
            "## Tables\n\n"
            "Two **bold** words and `a_b <c>`.\n\n"
            "> **Note.** Not the paper's data.\n\n"
            "- one\n- two\\_three\n\n"
            "**Accuracy**\n\n"
            "| loss | AT |\n|:--|--:|\n"
            "| a\\|b | **97.1**<br><sub>paper 95.9</sub> |\n");
}

TEST(Document, HtmlEscapesWhatIsNoMark) {
  const std::string html = ToHtml(Sample());
  EXPECT_THAT(html, HasSubstr("<title>Losses &amp; &lt;more&gt;</title>"));
  EXPECT_THAT(html,
              HasSubstr("<p>Two <strong>bold</strong> words and <code>a_b &lt;c&gt;</code>."));
  EXPECT_THAT(html, HasSubstr("<p class=\"warning\">Not the paper's data.</p>"));
  EXPECT_THAT(html, HasSubstr("<td><strong>97.1</strong><small>paper 95.9</small></td>"));
  EXPECT_THAT(ToHtml({"t", {Paragraph{"<script>alert(\"x\")</script>"}}}),
              Not(HasSubstr("<script>")));
}

TEST(Document, HtmlHoldsItsPictures) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "dot.svg";
  std::ofstream(file) << "<svg/>";
  const Document document{"t", {DocumentFigure{file, "A caption", "a \"dot\""}}};
  // base64 of "<svg/>", by coreutils
  EXPECT_THAT(ToHtml(document), HasSubstr("src=\"data:image/svg+xml;base64,PHN2Zy8+\" "
                                          "alt=\"a &quot;dot&quot;\""));
  EXPECT_THAT(ToMarkdown(document, folder.path()), HasSubstr("](dot.svg)\n\nA caption\n"));
  EXPECT_THROW(ToHtml({"t", {DocumentFigure{folder.path() / "none.png", "", ""}}}), Error);
}

}  // namespace
}  // namespace unmask
